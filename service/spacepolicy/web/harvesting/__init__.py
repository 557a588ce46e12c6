"""Descriptions for harvesters and crawlers: DCAT-AP, schema.org, robots.txt, sitemaps, llms.txt."""

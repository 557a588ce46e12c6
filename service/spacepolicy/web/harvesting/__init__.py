"""What harvesters and crawlers read: DCAT-AP, schema.org, robots.txt, sitemaps, llms.txt."""

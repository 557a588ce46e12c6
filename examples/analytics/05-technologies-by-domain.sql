-- Which technologies does each policy deal with, by domain? (queries/technologies-by-domain.rq)
WITH RECURSIVE below AS (
  SELECT subject AS narrower, object AS wider, 0 AS steps FROM statements WHERE property = 'skos_broader'
  UNION ALL
  SELECT b.narrower, s.object, b.steps + 1 FROM below b JOIN statements s ON s.subject = b.wider
  WHERE s.property = 'skos_broader' AND b.steps < 20
),
wider_too AS (
  SELECT DISTINCT i.subject AS technology, b.wider
  FROM statements i JOIN below b ON b.narrower = i.object WHERE i.property = 'inDomain'
)
SELECT DISTINCT d.rdfs_label_en AS domain_name, t.rdfs_label_en AS technology_name, p.rdfs_label_en AS policy_name
FROM statements c
JOIN PolicyDocument p ON p.iri = c.subject
JOIN Technology t ON t.iri = c.object
JOIN statements i ON i.property = 'inDomain' AND i.subject = t.iri
JOIN skos_Concept d ON d.iri = i.object
LEFT JOIN wider_too w ON w.technology = t.iri AND w.wider = d.iri
WHERE c.property = 'concerns' AND w.technology IS NULL
  AND d.rdfs_label_en IS NOT NULL AND t.rdfs_label_en IS NOT NULL AND p.rdfs_label_en IS NOT NULL
ORDER BY policy_name, domain_name, technology_name

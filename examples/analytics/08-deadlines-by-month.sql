-- How much falls due in which month? (queries/deadlines-by-month.rq)
WITH parts AS (
  SELECT iri AS policy, iri AS part FROM PolicyDocument
  UNION
  SELECT p.iri, h.object FROM PolicyDocument p JOIN statements h ON h.subject = p.iri
  WHERE h.property = 'hasPart'
)
SELECT substring(f.value, 1, 7) AS month, count(DISTINCT o.part) AS count, p.rdfs_label_en AS policy_name
FROM parts o
JOIN PolicyDocument p ON p.iri = o.policy
JOIN statements d ON d.property = 'isDueBy' AND d.subject = o.part
JOIN statements f ON f.property = 'fallsDueOn' AND f.subject = d.object
WHERE p.rdfs_label_en IS NOT NULL
GROUP BY substring(f.value, 1, 7), p.rdfs_label_en
ORDER BY policy_name, month

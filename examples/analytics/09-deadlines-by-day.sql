-- On which day does what fall due, by its own words? (queries/deadlines-by-day.rq)
WITH parts AS (
  SELECT iri AS policy, iri AS part FROM PolicyDocument
  UNION
  SELECT p.iri, h.object FROM PolicyDocument p JOIN statements h ON h.subject = p.iri
  WHERE h.property = 'hasPart'
)
SELECT DISTINCT CAST(f.value AS DATE) AS day, n.value AS part_name, w.value AS words, p.rdfs_label_en AS policy_name
FROM parts o
JOIN PolicyDocument p ON p.iri = o.policy
JOIN evidence e ON e.property = 'isDueBy' AND e.subject = o.part
JOIN statements f ON f.property = 'fallsDueOn' AND f.subject = e.object
JOIN statements n ON n.property = 'rdfs_label' AND n.language = 'en' AND n.subject = o.part
LEFT JOIN statements w ON w.property = 'exactText' AND w.subject = e.passage
WHERE p.rdfs_label_en IS NOT NULL
ORDER BY policy_name, day, part_name

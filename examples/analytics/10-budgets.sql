-- How much money is set aside for what, and who pays? (queries/budgets.rq)
WITH parts AS (
  SELECT iri AS policy, iri AS part FROM PolicyDocument
  UNION
  SELECT p.iri, h.object FROM PolicyDocument p JOIN statements h ON h.subject = p.iri
  WHERE h.property = 'hasPart'
),
payers AS (
  SELECT f.subject AS part, a.rdfs_label_en AS paid_by
  FROM statements f JOIN Actor a ON a.iri = f.object
  WHERE f.property = 'hasEffectiveFunder' AND a.rdfs_label_en IS NOT NULL
)
SELECT n.value AS part_name, k.rdfs_label_en AS comparator_name, q.numericValue AS amount,
  q.currencyCode AS currency, y.paid_by, w.value AS words, p.rdfs_label_en AS policy_name
FROM parts o
JOIN PolicyDocument p ON p.iri = o.policy
JOIN evidence e ON e.property = 'hasBudget' AND e.subject = o.part
JOIN Quantity q ON q.iri = e.object
JOIN skos_Concept k ON k.iri = q.hasComparator
JOIN statements n ON n.property = 'rdfs_label' AND n.language = 'en' AND n.subject = o.part
LEFT JOIN payers y ON y.part = o.part
LEFT JOIN statements w ON w.property = 'exactText' AND w.subject = e.passage
WHERE q.numericValue IS NOT NULL AND q.currencyCode IS NOT NULL
  AND k.rdfs_label_en IS NOT NULL AND p.rdfs_label_en IS NOT NULL
ORDER BY policy_name, part_name

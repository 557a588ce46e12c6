-- Which technologies do several policies deal with? (queries/shared-technologies.rq)
WITH RECURSIVE shared AS (
  SELECT t.iri AS technology, t.rdfs_label_en AS technology_name
  FROM statements c JOIN PolicyDocument p ON p.iri = c.subject JOIN Technology t ON t.iri = c.object
  WHERE c.property = 'concerns'
  GROUP BY t.iri, t.rdfs_label_en
  HAVING count(DISTINCT p.iri) > 1
),
acts AS (
  SELECT DISTINCT predicate AS act FROM statements WHERE property = 'concerns'
  UNION ALL
  SELECT b.subject FROM acts JOIN statements b ON b.object = acts.act
  WHERE b.property = 'rdfs_subPropertyOf'
),
narrower AS (
  SELECT technology, technology AS thing, 0 AS steps FROM shared
  UNION ALL
  SELECT n.technology, s.subject, n.steps + 1
  FROM narrower n JOIN statements s ON s.object = n.thing
  WHERE s.property IN ('isKindOf', 'isInstanceOf', 'isComponentOf', 'isMeantFor') AND n.steps < 20
),
parts AS (
  SELECT iri AS policy, iri AS part FROM PolicyDocument
  UNION
  SELECT p.iri, h.object FROM PolicyDocument p JOIN statements h ON h.subject = p.iri
  WHERE h.property = 'hasPart'
),
counted AS (
  SELECT n.technology, o.policy, count(DISTINCT e.passage) AS passages
  FROM narrower n
  JOIN evidence e ON e.object = n.thing
  JOIN parts o ON o.part = e.subject
  WHERE e.predicate IN (SELECT act FROM acts)
  GROUP BY n.technology, o.policy
)
SELECT s.technology_name, p.rdfs_label_en AS policy_name, c.passages
FROM counted c JOIN shared s ON s.technology = c.technology JOIN PolicyDocument p ON p.iri = c.policy
WHERE s.technology_name IS NOT NULL AND p.rdfs_label_en IS NOT NULL
ORDER BY technology_name, policy_name

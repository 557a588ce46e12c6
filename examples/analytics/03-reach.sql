-- How many things does each policy act on, in each of its ways? (queries/reach.rq)
WITH RECURSIVE acts AS (
  SELECT DISTINCT predicate AS act FROM statements
  WHERE property IN ('concerns', 'engages', 'hasTheme', 'targetsRegion')
  UNION ALL
  SELECT b.subject FROM acts JOIN statements b ON b.object = acts.act
  WHERE b.property = 'rdfs_subPropertyOf'
),
reached AS (
  SELECT p.iri AS policy, p.rdfs_label_en AS policy_name, s.predicate AS act, count(DISTINCT s.object) AS things
  FROM PolicyDocument p JOIN statements s ON s.subject = p.iri
  WHERE s.predicate IN (SELECT act FROM acts)
  GROUP BY p.iri, p.rdfs_label_en, s.predicate
)
SELECT r.policy_name, l.value AS act_name, r.things
FROM reached r
JOIN statements l ON l.property = 'rdfs_label' AND l.language = 'en' AND l.subject = r.act
WHERE r.policy_name IS NOT NULL
ORDER BY r.policy_name, r.things DESC, act_name

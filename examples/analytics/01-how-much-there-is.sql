-- How much is there of each policy? (queries/how-much-there-is.rq)
WITH counted AS (
  SELECT h.subject AS policy, 'goal' AS kind, h.object AS thing
  FROM statements h JOIN Goal g ON g.iri = h.object WHERE h.property = 'hasPart'
  UNION ALL
  SELECT h.subject, 'task', h.object
  FROM statements h JOIN Task t ON t.iri = h.object WHERE h.property = 'hasPart'
  UNION ALL
  SELECT h.subject, 'measure', h.object
  FROM statements h JOIN Measure m ON m.iri = h.object WHERE h.property = 'hasPart'
  UNION ALL
  SELECT r.object, 'passage', s.subject
  FROM statements s JOIN statements r ON r.subject = s.object
  WHERE s.property = 'source' AND r.property = 'reportsOn'
)
SELECT c.policy,
  count(DISTINCT CASE WHEN kind = 'goal' THEN thing END) AS goals,
  count(DISTINCT CASE WHEN kind = 'task' THEN thing END) AS tasks,
  count(DISTINCT CASE WHEN kind = 'measure' THEN thing END) AS measures,
  count(DISTINCT CASE WHEN kind = 'passage' THEN thing END) AS passages
FROM counted c JOIN PolicyDocument p ON p.iri = c.policy
GROUP BY c.policy
ORDER BY c.policy

-- How is each document evidenced? (queries/evidence-by-document.rq)
WITH parts AS (
  SELECT passage, subject, count(*) AS classes FROM evidence
  WHERE property = 'rdf_type' AND replace(object, 'https://w3id.org/spacepolicy/def/', '') IN
    ('Amendment', 'Goal', 'Measure', 'Milestone', 'Outlook', 'Section', 'Target', 'Task')
  GROUP BY passage, subject
),
counted AS (
  SELECT e.passage, sum(coalesce(p.classes, 1)) AS statements, count(DISTINCT p.subject) AS parts
  FROM evidence e LEFT JOIN parts p ON p.passage = e.passage AND p.subject = e.subject
  GROUP BY e.passage
),
marks AS (
  SELECT subject,
    max(CASE WHEN property = 'exactText' THEN 1 ELSE 0 END) AS quoted,
    max(CASE WHEN property = 'locator' THEN 1 ELSE 0 END) AS referred,
    max(CASE WHEN property = 'fingerprint' THEN 1 ELSE 0 END) AS fingerprints,
    max(CASE WHEN property = 'independentSourceCount' AND CAST(value AS INT) > 1 THEN 1 ELSE 0 END) AS agreed,
    max(CASE WHEN property = 'assertionStatus' AND object LIKE '%/assertion-status/reported' THEN 1 ELSE 0 END) AS reported,
    max(CASE WHEN property = 'isLeftOutAs' THEN 1 ELSE 0 END) AS left_out
  FROM statements
  WHERE property IN
    ('exactText', 'locator', 'fingerprint', 'independentSourceCount', 'assertionStatus', 'isLeftOutAs')
  GROUP BY subject
)
SELECT p.rdfs_label_en AS policy_name, sum(c.statements) AS statements, sum(c.parts) AS parts,
  count(*) AS passages, sum(m.quoted) AS quoted, sum(m.referred) AS referred,
  sum(m.fingerprints) AS fingerprints, sum(m.agreed) AS agreed, sum(m.reported) AS not_read_again,
  sum(m.left_out) AS left_out
FROM PolicyDocument p
JOIN statements r ON r.property = 'reportsOn' AND r.object = p.iri
JOIN statements s ON s.property = 'source' AND s.object = r.subject
JOIN counted c ON c.passage = s.subject
JOIN marks m ON m.subject = s.subject
WHERE p.rdfs_label_en IS NOT NULL
GROUP BY p.iri, p.rdfs_label_en
ORDER BY policy_name

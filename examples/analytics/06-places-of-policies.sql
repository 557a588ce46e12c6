-- Where does each policy apply, in the narrowest sense? (queries/places-of-policies.rq)
WITH applies AS (
  SELECT p.iri AS policy, p.rdfs_label_en AS policy_name, a.object AS region
  FROM PolicyDocument p JOIN statements a ON a.subject = p.iri WHERE a.property = 'appliesIn'
),
around AS (
  SELECT i.policy, l.object AS region
  FROM applies i JOIN statements l ON l.subject = i.region WHERE l.property = 'locatedIn'
),
wider AS (
  SELECT l.subject AS region, r.rdfs_label_en AS within
  FROM statements l JOIN Region r ON r.iri = l.object
  WHERE l.property = 'locatedIn' AND r.rdfs_label_en IS NOT NULL
)
SELECT a.policy_name, r.value AS region_name, w.within
FROM applies a
JOIN statements r ON r.property = 'rdfs_label' AND r.language = 'en' AND r.subject = a.region
LEFT JOIN around o ON o.policy = a.policy AND o.region = a.region
LEFT JOIN wider w ON w.region = a.region
WHERE o.region IS NULL AND a.policy_name IS NOT NULL
ORDER BY a.policy_name, region_name, w.within

-- Which kinds of action does each policy take, and with how many of its measures? (queries/kinds-of-action.rq)
SELECT p.rdfs_label_en AS policy_name, k.rdfs_label_en AS kind_name, count(DISTINCT m.iri) AS measures
FROM Measure m
JOIN statements o ON o.property = 'isPartOf' AND o.subject = m.iri
JOIN PolicyDocument p ON p.iri = o.object
JOIN statements a ON a.property = 'hasActionKind' AND a.subject = m.iri
JOIN skos_Concept k ON k.iri = a.object
WHERE p.rdfs_label_en IS NOT NULL AND k.rdfs_label_en IS NOT NULL
GROUP BY p.iri, p.rdfs_label_en, k.iri, k.rdfs_label_en
ORDER BY policy_name, measures DESC, kind_name

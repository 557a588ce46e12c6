#+ title: sums of money
#+ finds: "a quantity whose :unitCode is a currency in braces, such as {EUR}, and which is a budget"
#+ changes: "the unit goes, and :currencyCode gives the code of ISO 4217"
#+ count: "SELECT (COUNT(*) AS ?found) { GRAPH ?graph { ?sum :unitCode ?unit } FILTER (REGEX(STR(?unit), '^[{][A-Z]{3}[}]$') && !STRENDS(STR(?graph), '/graph/inferred') && EXISTS { GRAPH ?any { ?whole :hasBudget ?sum } }) }"
PREFIX : <https://w3id.org/spacepolicy/def/>

DELETE { GRAPH ?graph { ?sum :unitCode ?unit } }
INSERT { GRAPH ?graph { ?sum :currencyCode ?code } }
WHERE {
  GRAPH ?graph { ?sum :unitCode ?unit }
  FILTER (REGEX(STR(?unit), "^[{][A-Z]{3}[}]$") && !STRENDS(STR(?graph), "/graph/inferred"))
  FILTER EXISTS { GRAPH ?any { ?whole :hasBudget ?sum } }
  BIND (SUBSTR(STR(?unit), 2, 3) AS ?code)
}

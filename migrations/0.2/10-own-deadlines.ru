#+ title: deadlines that the words of a part set
#+ finds: "a deadline of a goal, a target or a measure, stated with :hasDeadline in any graph"
#+ changes: "the statement is made with :isDueBy, in the same graph; :hasDeadline follows from it through 0.2"
#+ count: "SELECT (COUNT(*) AS ?found) { GRAPH ?graph { ?part :hasDeadline ?value } FILTER (!STRENDS(STR(?graph), '/graph/inferred')) }"
PREFIX : <https://w3id.org/spacepolicy/def/>

DELETE { GRAPH ?graph { ?part :hasDeadline ?value } }
INSERT { GRAPH ?graph { ?part :isDueBy ?value } }
WHERE {
  GRAPH ?graph { ?part :hasDeadline ?value }
  FILTER (!STRENDS(STR(?graph), "/graph/inferred"))
}

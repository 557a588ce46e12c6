#+ title: payers that the words of a part name
#+ finds: "who pays for a policy or a part of it, stated with :fundedBy in any graph"
#+ changes: "the statement is made with :paidForBy, in the same graph; :fundedBy follows from it through 0.2"
#+ count: "SELECT (COUNT(*) AS ?found) { GRAPH ?graph { ?part :fundedBy ?value } FILTER (!STRENDS(STR(?graph), '/graph/inferred')) }"
PREFIX : <https://w3id.org/spacepolicy/def/>

DELETE { GRAPH ?graph { ?part :fundedBy ?value } }
INSERT { GRAPH ?graph { ?part :paidForBy ?value } }
WHERE {
  GRAPH ?graph { ?part :fundedBy ?value }
  FILTER (!STRENDS(STR(?graph), "/graph/inferred"))
}

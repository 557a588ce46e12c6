#+ title: actors that the words of a part name
#+ finds: "who is to carry out a policy or a part of it, stated with :undertakenBy in any graph"
#+ changes: "the statement is made with :carriedOutBy, in the same graph; :undertakenBy follows from it through 0.2"
#+ count: "SELECT (COUNT(*) AS ?found) { GRAPH ?graph { ?part :undertakenBy ?value } FILTER (!STRENDS(STR(?graph), '/graph/inferred')) }"
PREFIX : <https://w3id.org/spacepolicy/def/>

DELETE { GRAPH ?graph { ?part :undertakenBy ?value } }
INSERT { GRAPH ?graph { ?part :carriedOutBy ?value } }
WHERE {
  GRAPH ?graph { ?part :undertakenBy ?value }
  FILTER (!STRENDS(STR(?graph), "/graph/inferred"))
}

// A query as a program in other languages.

/** The programs by language; each asks the endpoint for the query. */
export function programs(endpoint, query) {
  const text = JSON.stringify(query);
  const address = `${endpoint}?query=${encodeURIComponent(query)}&format=csv`;
  return {
    curl: `curl -H 'Accept: text/csv' '${endpoint}' --data-urlencode 'query=${query.replaceAll("'", "'\\''")}'`,
    Python: `import pandas, urllib.parse\n\nquery = ${text}\naddress = "${endpoint}?format=csv&query=" + urllib.parse.quote(query)\nprint(pandas.read_csv(address))`,
    R: `query <- ${text}\naddress <- paste0("${endpoint}?format=csv&query=", URLencode(query, reserved = TRUE))\nprint(read.csv(address))`,
    JavaScript: `const query = ${text};\nconst response = await fetch("${endpoint}", {\n  method: "POST",\n  body: new URLSearchParams({ query }),\n  headers: { Accept: "application/sparql-results+json" },\n});\nconsole.log((await response.json()).results.bindings);`,
    DuckDB: `INSTALL httpfs; LOAD httpfs;\nSELECT * FROM read_csv('${address.replaceAll("'", "''")}', header = true);`,
  };
}

// Which statements only follow: those in the dataset's graph of inferences.
import { rows } from "./client.js";

/** Those of the statements, `{ from, by, to }` of terms, that are inferred. None is where the service cannot tell. */
export async function inferredAmong(site, said) {
  const asked = said.filter(({ from, by, to }) => [from, by, to].every(isNamed));
  if (!asked.length || !site.base) return new Set();
  const values = asked.map(({ from, by, to }) => `(<${from.value}> <${by.value}> <${to.value}>)`).join("\n");
  const graph = `<${site.base}graph/inferred>`;
  const found = await rows(site, `SELECT ?s ?p ?o FROM NAMED ${graph} { VALUES (?s ?p ?o) { ${values} } GRAPH ${graph} { ?s ?p ?o } }`).catch(() => []);
  const known = new Set(found.map(({ s, p, o }) => `${s.value} ${p.value} ${o.value}`));
  return new Set(asked.filter(({ from, by, to }) => known.has(`${from.value} ${by.value} ${to.value}`)));
}

const isNamed = (term) => term?.type === "uri" && !/[\s<>"{}|\\^`]/.test(term.value);

// Labels of the things in a table, asked of the endpoint a page at a time.
import { rows } from "./client.js";
import { language } from "./words.js";

const LABELS =
  "<http://www.w3.org/2000/01/rdf-schema#label>|<http://www.w3.org/2004/02/skos/core#prefLabel>" +
  "|<http://purl.org/dc/terms/title>";
const asked = new Set();
export const known = new Map();

/** Learn the names of the IRIs; true where that brought new ones. */
export async function learn(site, iris) {
  const unknown = [...new Set(iris)].filter((iri) => !asked.has(iri) && !/[\s<>"{}|\\^`]/.test(iri));
  if (!unknown.length) return false;
  unknown.forEach((iri) => asked.add(iri));
  const values = unknown.map((iri) => `<${iri}>`).join(" ");
  const query = `SELECT ?thing ?name { VALUES ?thing { ${values} } ?thing ${LABELS} ?name
    FILTER (LANGMATCHES(LANG(?name), "${language}") || LANG(?name) = "") }`;
  const found = await rows(site, query).catch(() => []);
  for (const { thing, name } of found) known.set(thing.value, name.value);
  return found.length > 0;
}

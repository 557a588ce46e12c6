// Labels of the things in a table, asked of the endpoint a page at a time.
import { rows } from "./client.js";
import { language } from "./words.js";

const LABELS =
  "<http://www.w3.org/2000/01/rdf-schema#label>|<http://www.w3.org/2004/02/skos/core#prefLabel>" +
  "|<http://purl.org/dc/terms/title>";
const asked = new Set();
const every = new Map();
/** The names by IRI, in the language of the page or in none. */
export const known = new Map();

/** Learn the names of the IRIs; true where that brought new ones. */
export async function learn(site, iris) {
  const unknown = [...new Set(iris)].filter((iri) => !asked.has(iri) && !/[\s<>"{}|\\^`]/.test(iri));
  if (!unknown.length) return false;
  unknown.forEach((iri) => asked.add(iri));
  const values = unknown.map((iri) => `<${iri}>`).join(" ");
  const query = `SELECT ?thing ?name { VALUES ?thing { ${values} } ?thing ${LABELS} ?name }`;
  const found = await rows(site, query).catch(() => []);
  for (const { thing, name } of found) keep(thing.value, name);
  return found.length > 0;
}

function keep(iri, { value, "xml:lang": tag = "" }) {
  const names = every.get(iri) ?? new Map();
  every.set(iri, names);
  const spoken = tag.split("-")[0];
  if (!names.has(spoken)) names.set(spoken, value);
  const here = names.get(language) ?? names.get("");
  if (here) known.set(iri, here);
}

/** The names of the thing in every language, that of the page first. */
export function namesOf(iri) {
  const names = every.get(iri) ?? new Map();
  return [...new Set([known.get(iri), ...names.values()])].filter(Boolean);
}

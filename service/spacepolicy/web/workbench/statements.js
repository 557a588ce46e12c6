// The answer of CONSTRUCT or DESCRIBE as a table of subject, predicate and object.
import { library } from "./libraries.js";

const MOST_CHARACTERS = 4_000_000; // about 50,000 statements, which take half a second to read
const COLUMNS = ["subject", "predicate", "object"];

/** The table that the Turtle says, `statements: true`; null where it is too long or cannot be read. */
export async function statements(text, site) {
  if (text.length > MOST_CHARACTERS) return null;
  try {
    const { Parser } = await library(site, "graph");
    const quads = new Parser({ format: "text/turtle" }).parse(text);
    const rows = quads.map((quad) => Object.fromEntries(COLUMNS.map((name) => [name, term(quad[name])])));
    return { columns: COLUMNS, rows, statements: true };
  } catch {
    return null; // it is shown as it came
  }
}

/** A term of RDF/JS as SPARQL JSON has it. */
function term({ termType, value, language, datatype, ...quoted }) {
  if (termType === "NamedNode") return { type: "uri", value };
  if (termType === "BlankNode") return { type: "bnode", value };
  if (termType === "Quad") return { type: "triple", value: Object.fromEntries(COLUMNS.map((name) => [name, term(quoted[name])])) };
  return language ? { type: "literal", value, "xml:lang": language } : { type: "literal", value, datatype: datatype.value };
}

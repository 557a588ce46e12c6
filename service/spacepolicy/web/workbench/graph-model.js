// From the columns of a table to nodes and links.

const MOST_NODES = 60; // a drawing of more cannot be read
const XSD_STRING = "http://www.w3.org/2001/XMLSchema#string";

export const isThing = (term) => term?.type === "uri" || term?.type === "bnode";
const isIri = (term) => term?.type === "uri";

/** The columns that lead from a thing to a thing, and what names the way; null where there are none. */
export function firstEnds(table) {
  const things = table.columns.filter((name) => all(table, name, isThing));
  const [first, second, third] = table.columns;
  const isTriple = table.columns.length === 3 && all(table, first, isThing) && all(table, second, isIri)
    && table.rows.some((row) => isThing(row[third]));
  if (isTriple) return { from: first, by: second, to: third };
  return things.length > 1 ? { from: things[0], by: "", to: things[1] } : null;
}

function all(table, name, kind) {
  const bound = table.rows.map((row) => row[name]).filter(Boolean);
  return bound.length > 0 && bound.every(kind);
}

export const canGraph = (table) => firstEnds(table) !== null;

/** Whether a graph says what the table says: statements of as few things as can be drawn. */
export function suitsGraph(table) {
  if (!canGraph(table)) return false;
  const { nodes, rest } = model(table, firstEnds(table));
  return (table.statements || table.columns.length === 3) && rest === 0 && nodes.length > 1;
}

/** The nodes with most links, the links between them, how many nodes are left out, and all that is
 * said, as `{ from, by, to }` of terms. A link that has several names is one line. */
export function model(table, { from, by, to }) {
  const said = unique(table.rows.filter((row) => row[from] && row[to])
    .map((row) => ({ from: row[from], by: by ? row[by] : null, to: row[to] })));
  const between = said.filter((each) => isThing(each.to) && key(each.from) !== key(each.to));
  const degree = new Map();
  for (const each of between) for (const end of [each.from, each.to]) degree.set(key(end), (degree.get(key(end)) ?? 0) + 1);
  const terms = new Map(between.flatMap((each) => [each.from, each.to]).map((term) => [key(term), term]));
  const ranked = [...terms.keys()].sort((a, b) => degree.get(b) - degree.get(a));
  const drawn = new Set(ranked.slice(0, MOST_NODES));
  const nodes = [...terms].filter(([id]) => drawn.has(id)).map(([id, term]) => ({ id, term, degree: degree.get(id) }));
  return { nodes, links: links(between, drawn), rest: terms.size - nodes.length, said };
}

function links(between, drawn) {
  const found = new Map();
  for (const each of between) {
    const [source, target] = [key(each.from), key(each.to)];
    if (!drawn.has(source) || !drawn.has(target)) continue;
    const id = `${source} ${target}`;
    if (!found.has(id)) found.set(id, { source, target, said: [] });
    found.get(id).said.push(each);
  }
  return [...found.values()];
}

function unique(said) {
  const seen = new Map(said.map((each) => [JSON.stringify([each.from, each.by, each.to]), each]));
  return [...seen.values()];
}

/** What tells a term from all others. */
export function key(term) {
  const kind = term["xml:lang"] ?? (term.datatype === XSD_STRING ? "" : term.datatype ?? "");
  return `${term.type} ${JSON.stringify(term.value)} ${kind}`;
}

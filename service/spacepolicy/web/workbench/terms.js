// Terms of SPARQL JSON: how they read, and what kind of value a column holds.
import { element } from "./dom.js";
import { shortened } from "./prefixes.js";

const NUMBERS = /#(integer|decimal|double|float|int|long|short|byte|nonNegativeInteger|positiveInteger)$/;
const DATES = /#(date|dateTime|gYear|gYearMonth)$/;

export const isNumber = (term) => term?.type === "literal" && NUMBERS.test(term.datatype ?? "");
export const isDate = (term) => term?.type === "literal" && DATES.test(term.datatype ?? "");

/** The term as short text; names are labels by IRI. */
export function text(term, site, names) {
  if (!term) return "";
  if (term.type === "uri") {
    return names?.get(term.value) ?? shortened(term.value, site.prefixes)?.name ?? local(term.value, site);
  }
  if (term.type === "bnode") return `_:${term.value}`;
  return typeof term.value === "string" ? term.value : JSON.stringify(term.value);
}

/** The term as an element: IRIs lead to their pages here, or to themselves. */
export function shown(term, site, names) {
  const words = text(term, site, names);
  if (term?.type === "uri") return element("a", { href: address(term.value, site), title: term.value }, words);
  if (term?.["xml:lang"]) return element("span", { lang: term["xml:lang"] }, words);
  return words;
}

/** What to order by: a number, or text. */
export function order(term, site, names) {
  return isNumber(term) ? Number(term.value) : text(term, site, names);
}

/** The columns all of whose values are of the kind, and there are some. */
export function columnsOf(table, kind) {
  return table.columns.filter((name) => {
    const bound = table.rows.map((row) => row[name]).filter(Boolean);
    return bound.length > 0 && bound.every(kind);
  });
}

/** Where the IRI leads: only addresses of the web are links. Pages here keep the chosen language. */
export function address(iri, site) {
  if (site.base && iri.startsWith(site.base)) {
    const found = new URL(`${site.root}/${iri.slice(site.base.length)}`, location.href);
    if (site.chosen) found.searchParams.set("lang", site.chosen);
    return found.href;
  }
  return /^https?:/.test(iri) ? iri : null;
}

function local(iri, site) {
  return site.base && iri.startsWith(site.base) ? iri.slice(site.base.length) : iri;
}

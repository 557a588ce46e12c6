// Completion: keywords, prefixes, terms of the vocabulary by their names in every language, what
// is used with the class at hand, and things of the data.
import { rows } from "./client.js";
import { declaration, declared, expanded, shortened } from "./prefixes.js";
import { say } from "./words.js";

const KEYWORDS = ("SELECT DISTINCT CONSTRUCT DESCRIBE ASK WHERE PREFIX BASE FROM NAMED GRAPH OPTIONAL UNION MINUS FILTER " +
  "EXISTS BIND AS VALUES UNDEF GROUP BY HAVING ORDER ASC DESC LIMIT OFFSET COUNT SUM AVG MIN MAX SAMPLE GROUP_CONCAT " +
  "LANG LANGMATCHES STR STRLEN STRSTARTS CONTAINS REGEX REPLACE IF COALESCE BOUND IRI DATATYPE YEAR NOW").split(" ");
const OWL = "http://www.w3.org/2002/07/owl#";
const RDFS = "http://www.w3.org/2000/01/rdf-schema#";
const RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const MOST_TERMS = 5000; // names of a vocabulary; larger ones are completed by the service's search
const VOCABULARY = `SELECT ?term ?kind (GROUP_CONCAT(DISTINCT ?name; separator=" · ") AS ?names) {
  VALUES ?kind { <${OWL}Class> <${OWL}ObjectProperty> <${OWL}DatatypeProperty> <${OWL}AnnotationProperty> }
  ?term a ?kind . FILTER isIRI(?term) OPTIONAL { ?term <${RDFS}label> ?name } }
  GROUP BY ?term ?kind ORDER BY ?term LIMIT ${MOST_TERMS}`;
const WORD = /[\w:?$\p{L}\p{N}-]*$/u;

/** A source of completions for the editor. */
export function completion(site) {
  let vocabulary = null;
  const ofClass = new Map();
  return async (context) => {
    const word = context.matchBefore(WORD);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    const query = context.state.doc.toString();
    if (/^[?$]/.test(word.text)) return variables(word, query);
    vocabulary ??= terms(site);
    const used = await usedWith(site, classAt(query, context.pos, site), ofClass);
    const known = (await vocabulary).map((term) => option(term, site, used));
    const things = word.text.length > 1 ? await suggested(site, word.text) : [];
    const options = [...known, ...prefixOptions(site), ...KEYWORDS.map((label) => ({ label, type: "keyword" })), ...things];
    return { from: word.from, options: matching(options, word.text), filter: false };
  };
}

async function terms(site) {
  const found = await rows(site, VOCABULARY).catch(() => []);
  return found.map(({ term, kind, names }) => ({
    iri: term.value, isClass: kind.value === `${OWL}Class`, names: names?.value ?? "",
  }));
}

/** The class that the subject of the line at the position has in this query, or null. */
function classAt(query, position, site) {
  const before = query.slice(0, position);
  const block = before.slice(before.search(/[^.{}]*$/));
  const subject = /^\s*([?$]\w+)/.exec(block)?.[1];
  if (!subject) return null;
  const name = subject.replace("$", "\\$").replace("?", "\\?");
  const typed = new RegExp(`${name}\\s+(?:a|rdf:type)\\s+([\\w-]*:[\\w-]+|<[^>]+>)`).exec(query);
  return typed && expanded(typed[1], { ...site.prefixes, ...declared(query) });
}

/** How often each property is used with things of the class. */
async function usedWith(site, iri, known) {
  if (!iri || /[\s<>"{}|\\^`]/.test(iri)) return new Map();
  if (!known.has(iri)) {
    const query = `SELECT ?p (COUNT(*) AS ?n) { ?s <${RDF_TYPE}> <${iri}> ; ?p ?o } GROUP BY ?p`;
    const found = rows(site, query).catch(() => []);
    known.set(iri, found.then((all) => new Map(all.map(({ p, n }) => [p.value, Number(n.value)]))));
  }
  return known.get(iri);
}

function option({ iri, isClass, names }, site, used) {
  const short = shortened(iri, site.prefixes);
  const count = used.get(iri);
  return {
    label: short?.name ?? `<${iri}>`,
    searched: names,
    detail: names,
    info: count ? say("used", count) : null,
    type: isClass ? "class" : "property",
    boost: count ? 50 : 0,
    apply: short ? applied(short, site) : `<${iri}>`,
  };
}

/** Put the name in, and the declaration of its prefix where the query lacks it. */
function applied({ prefix, name }, site) {
  return (view, _completion, from, to) => {
    const insert = declaration(prefix, view.state.doc.toString(), site.prefixes);
    const changes = [{ from, to, insert: name }];
    if (insert) changes.unshift({ from: 0, insert });
    view.dispatch({ changes, selection: { anchor: from + insert.length + name.length } });
  };
}

function prefixOptions(site) {
  return Object.keys(site.prefixes).map((prefix) => ({
    label: `${prefix}:`, detail: site.prefixes[prefix], type: "namespace", apply: applied({ prefix, name: `${prefix}:` }, site),
  }));
}

function variables(word, query) {
  const found = new Set(query.match(/[?$]\w+/g));
  found.delete(word.text);
  return { from: word.from, options: [...found].map((label) => ({ label, type: "variable" })) };
}

/** Things whose names begin so, as the service's search knows them. */
async function suggested(site, text) {
  const asked = text.replace(/^[\w-]*:/, "");
  if (!asked) return [];
  const response = await fetch(`${site.root}/suggest?q=${encodeURIComponent(asked)}`).catch(() => null);
  if (!response?.ok) return [];
  const { suggestions } = await response.json();
  return suggestions.map(({ iri, names }) => ({ ...option({ iri, names: Object.values(names).join(" · ") }, site, new Map()), type: "constant", found: true }));
}

/** The options that the text fits, what fits best first; each IRI once. */
function matching(options, text) {
  const wanted = text.toLowerCase();
  const rank = ({ label, searched, found }) => {
    const name = label.toLowerCase();
    if (name.startsWith(wanted) || name.replace(/^[\w-]*:/, "").startsWith(wanted)) return 3;
    if ((searched ?? "").toLowerCase().includes(wanted)) return 2;
    return name.includes(wanted) ? 2 : found ? 1 : 0;
  };
  const seen = new Set();
  return options.map((each) => ({ each, score: rank(each) * 100 + (each.boost ?? 0) }))
    .filter(({ each, score }) => score >= 100 && !seen.has(each.label) && seen.add(each.label))
    .sort((a, b) => b.score - a.score).map(({ each }) => each);
}

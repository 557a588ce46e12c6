// Prefixes: names of IRIs, and declarations that a query lacks.

const DECLARED = /^\s*PREFIX\s+([\w.-]*):\s*<([^>]*)>/gim;

/** The prefixes that the query declares. */
export function declared(query) {
  return Object.fromEntries([...query.matchAll(DECLARED)].map((found) => [found[1], found[2]]));
}

/** The IRI with the longest namespace that fits, or null where none leaves a simple name. */
export function shortened(iri, prefixes) {
  let best = null;
  for (const [prefix, namespace] of Object.entries(prefixes)) {
    if (!iri.startsWith(namespace) || !/^[\w-]+$/.test(iri.slice(namespace.length))) continue;
    if (best === null || namespace.length > prefixes[best].length) best = prefix;
  }
  return best === null ? null : { prefix: best, name: `${best}:${iri.slice(prefixes[best].length)}` };
}

/** The IRI that a prefixed name or an IRI in brackets is of, or null. */
export function expanded(term, prefixes) {
  if (term.startsWith("<")) return term.slice(1, -1);
  const [prefix, ...rest] = term.split(":");
  return prefix in prefixes && rest.length ? prefixes[prefix] + rest.join(":") : null;
}

/** The declaration that the query needs for the prefix, or the empty string. */
export function declaration(prefix, query, prefixes) {
  return prefix in declared(query) ? "" : `PREFIX ${prefix}: <${prefixes[prefix]}>\n`;
}

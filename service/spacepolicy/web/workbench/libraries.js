// Libraries that are loaded when a view first needs them, from the addresses that the page names.

const loading = new Map();

/** The library of that name ("chart", "graph", "map"); rejects where it cannot be loaded. */
export function library(site, name) {
  if (!loading.has(name)) {
    const found = import(site.libraries[name]);
    found.catch(() => loading.delete(name)); // the next time may succeed
    loading.set(name, found);
  }
  return loading.get(name);
}

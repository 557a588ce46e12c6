// What the browser keeps between visits: tabs and history. Without storage, nothing is kept.

const KEY = "spacepolicy-workbench";
const MOST_RUNS = 50; // a list that can be looked through
const MOST_CHARACTERS = 20_000; // of one query; storage has a few megabytes for all of the site

/** What was kept, or a first empty tab. */
export function load() {
  const fresh = { tabs: [{ text: "" }], current: 0, history: [] };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    const whole = Array.isArray(kept?.tabs) && kept.tabs.length > 0 && Array.isArray(kept.history);
    return whole && kept.current in kept.tabs ? kept : fresh;
  } catch {
    return fresh;
  }
}

/** Keep the state. */
export function save(state) {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // Storage is full, or the browser keeps none: the page works all the same.
  }
}

/** Put a query that was run first into the history. */
export function remember(state, query) {
  if (query.length > MOST_CHARACTERS) return;
  const others = state.history.filter((each) => each.query !== query);
  state.history = [{ query, time: new Date().toISOString() }, ...others].slice(0, MOST_RUNS);
}

// The answer of a query in one of its views, which its columns and `?view=` choose.
import { canChart, suitsChart } from "./chart-spec.js";
import { chartView } from "./chart-view.js";
import { canMap, coordinateColumns } from "./coordinates.js";
import { button, element } from "./dom.js";
import { canGraph, suitsGraph } from "./graph-model.js";
import { graphView } from "./graph-view.js";
import { mapView } from "./map-view.js";
import { statements } from "./statements.js";
import { tableView } from "./table-view.js";
import { canTimeline, suitsTimeline, timelineView } from "./timeline-view.js";
import { say } from "./words.js";

const RAW_CHARACTERS = 200_000; // a longer text makes the page slow, and nobody reads it

/** The views: which tables each can show, which it says all of, and what draws it. */
const VIEWS = [
  { name: "table", fits: () => true, draw: tableView },
  { name: "map", fits: canMap, suits: (table) => coordinateColumns(table) !== null, draw: mapView },
  { name: "chart", fits: canChart, suits: suitsChart, draw: chartView },
  { name: "graph", fits: canGraph, suits: suitsGraph, draw: graphView },
  { name: "timeline", fits: canTimeline, suits: suitsTimeline, draw: timelineView },
];
const RAW = { name: "raw", draw: (parent, _table, _site, text) => raw(parent, text) };

/** What an answer holds: its text, and its table with the views that fit, or its boolean. */
export async function contentOf({ text, type }, site) {
  const results = type.endsWith("json") ? JSON.parse(text) : null;
  if (results && "boolean" in results) return { text, boolean: results.boolean, table: null };
  const table = results ? { columns: results.head.vars, rows: results.results.bindings } : await statements(text, site);
  const fit = table ? await Promise.all(VIEWS.map(({ fits }) => fits(table, site))) : [];
  return { text, table, views: [...VIEWS.filter((_, index) => fit[index]), RAW] };
}

/** Show the content within the element; `chose` is called with the name of a view that is chosen. */
export function showAnswer(parent, { text, table, boolean, views }, site, view, chose) {
  if (boolean !== undefined) {
    parent.replaceChildren(element("p", { class: "wb-boolean" }, say(boolean ? "yes" : "no")));
    return;
  }
  const holder = element("div");
  const switches = views.map((each) => button(say(each.name), () => choose(each), { class: "wb-quiet" }));
  const bar = element("div", { class: "wb-controls", role: "group", "aria-label": say("views") }, ...switches);
  const choose = (each, byHand = true) => {
    switches.forEach((one, index) => one.setAttribute("aria-pressed", String(views[index] === each)));
    const body = element("div"); // of its own: what an earlier view still draws is not seen
    holder.replaceChildren(body);
    each.draw(body, table, site, text);
    if (byHand) chose(each.name);
  };
  parent.replaceChildren(bar, holder);
  choose(firstView(views, table, view), false);
}

/** The view that is asked for, or the one that says all of the table, or the first that fits. */
function firstView(views, table, asked) {
  return views.find(({ name }) => name === asked) ?? views.find(({ suits }) => suits?.(table)) ?? views[0];
}

function raw(parent, text) {
  const shown = text.slice(0, RAW_CHARACTERS);
  parent.replaceChildren(
    element("pre", { class: "wb-raw", tabindex: 0 }, shown),
    shown.length < text.length ? element("p", { class: "soft" }, say("cut")) : "",
  );
}

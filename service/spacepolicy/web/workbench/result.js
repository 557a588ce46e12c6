// The answer of a query in one of its views, which its columns and `?view=` choose.
import { canChart, chartView } from "./chart-view.js";
import { button, element } from "./dom.js";
import { tableView } from "./table-view.js";
import { canTimeline, timelineView } from "./timeline-view.js";
import { say } from "./words.js";

const RAW_CHARACTERS = 200_000; // a longer text makes the page slow, and nobody reads it
const VIEWS = [
  { name: "table", fits: (table) => table !== null, draw: tableView },
  { name: "chart", fits: (table) => table !== null && canChart(table), draw: chartView },
  { name: "timeline", fits: (table) => table !== null && canTimeline(table), draw: timelineView },
  { name: "raw", fits: () => true, draw: (parent, _table, _site, answer) => raw(parent, answer.text) },
];

/** Show the answer within the element; `chose` is called with the name of a view that is chosen. */
export function showAnswer(parent, answer, site, view, chose) {
  const results = answer.type.endsWith("json") ? JSON.parse(answer.text) : null;
  if (results && "boolean" in results) {
    parent.replaceChildren(element("p", { class: "wb-boolean" }, say(results.boolean ? "yes" : "no")));
    return null;
  }
  const table = results && { columns: results.head.vars, rows: results.results.bindings };
  const fitting = VIEWS.filter(({ fits }) => fits(table));
  const first = fitting.find(({ name }) => name === view) ?? fitting[0];
  const body = element("div");
  const switches = fitting.map((each) => button(say(each.name), () => choose(each), { class: "wb-quiet" }));
  const bar = element("div", { class: "wb-controls", role: "group", "aria-label": say("views") }, ...switches);
  const choose = (each, byHand = true) => {
    switches.forEach((one, index) => one.setAttribute("aria-pressed", String(fitting[index] === each)));
    each.draw(body, table, site, answer);
    if (byHand) chose(each.name);
  };
  parent.replaceChildren(bar, body);
  choose(first, false);
  return table;
}

function raw(parent, text) {
  const shown = text.slice(0, RAW_CHARACTERS);
  parent.replaceChildren(
    element("pre", { class: "wb-raw", tabindex: 0 }, shown),
    shown.length < text.length ? element("p", { class: "soft" }, say("cut")) : "",
  );
}

// The answer of a query in one of its views, which its columns and `?view=` choose.
import { canChart, suitsChart } from "./chart-spec.js";
import { chartView } from "./chart-view.js";
import { button, element } from "./dom.js";
import { tableView } from "./table-view.js";
import { canTimeline, timelineView } from "./timeline-view.js";
import { say } from "./words.js";

const RAW_CHARACTERS = 200_000; // a longer text makes the page slow, and nobody reads it

/** The views: which tables each can show, which it says all of, and what draws it. */
const VIEWS = [
  { name: "table", fits: (table) => table !== null, draw: tableView },
  { name: "chart", fits: (table) => table !== null && canChart(table), suits: suitsChart, draw: chartView },
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
  const holder = element("div");
  const switches = fitting.map((each) => button(say(each.name), () => choose(each), { class: "wb-quiet" }));
  const bar = element("div", { class: "wb-controls", role: "group", "aria-label": say("views") }, ...switches);
  const choose = (each, byHand = true) => {
    switches.forEach((one, index) => one.setAttribute("aria-pressed", String(fitting[index] === each)));
    const body = element("div"); // of its own: what an earlier view still draws is not seen
    holder.replaceChildren(body);
    each.draw(body, table, site, answer);
    if (byHand) chose(each.name);
  };
  parent.replaceChildren(bar, holder);
  choose(firstView(fitting, table, view), false);
  return table;
}

/** The view that is asked for, or the one that says all of the table, or the first that fits. */
function firstView(fitting, table, asked) {
  return fitting.find(({ name }) => name === asked) ?? fitting.find(({ suits }) => suits?.(table)) ?? fitting[0];
}

function raw(parent, text) {
  const shown = text.slice(0, RAW_CHARACTERS);
  parent.replaceChildren(
    element("pre", { class: "wb-raw", tabindex: 0 }, shown),
    shown.length < text.length ? element("p", { class: "soft" }, say("cut")) : "",
  );
}

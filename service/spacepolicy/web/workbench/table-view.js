// Solutions as a table: sorted, filtered, a hundred rows at a time.
import { button, element } from "./dom.js";
import { known, learn } from "./names.js";
import { columnsOf, isNumber, order, shown, text } from "./terms.js";
import { say } from "./words.js";

const PAGE_ROWS = 100; // as many as a page of the site has; the document stays small
const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

/** The view of the table within the element. */
export function tableView(parent, table, site) {
  const state = { table, site, sort: null, down: false, filter: "", page: 0, named: true };
  const body = element("div");
  const redraw = () => draw(body, state, redraw);
  const filter = element("input", {
    type: "search", "aria-label": say("filter"), placeholder: say("filter"),
    oninput: (event) => { state.filter = event.target.value.toLowerCase(); state.page = 0; redraw(); },
  });
  const named = element("input", {
    type: "checkbox", checked: true, onchange: (event) => { state.named = event.target.checked; redraw(); },
  });
  const controls = element("div", { class: "wb-controls" }, filter, element("label", {}, named, say("names")));
  parent.replaceChildren(controls, body);
  redraw();
}

function draw(parent, state, redraw) {
  const found = chosen(state);
  const first = state.page * PAGE_ROWS;
  const rows = found.slice(first, first + PAGE_ROWS);
  const names = state.named ? known : null;
  const numeric = new Set(columnsOf(state.table, isNumber));
  const head = element("tr", {}, ...state.table.columns.map((name) => heading(name, state, redraw, numeric)));
  const lines = rows.map((row) => element("tr", {}, ...state.table.columns.map((name) =>
    element("td", { "data-label": name.replaceAll("_", " "), class: numeric.has(name) ? "number" : null }, shown(row[name], state.site, names)))));
  const table = element("table", { class: "records" }, element("thead", {}, head), element("tbody", {}, ...lines));
  const region = element("div", { class: "scroll wb-scroll", tabindex: 0, role: "region", "aria-label": say("result") }, table);
  parent.replaceChildren(region, paging(found.length, first, rows.length, state, redraw));
  if (state.named) nameRows(rows, state, redraw);
}

async function nameRows(rows, state, redraw) {
  const iris = rows.flatMap((row) => Object.values(row)).filter((term) => term.type === "uri").map((term) => term.value);
  if (await learn(state.site, iris)) redraw();
}

/** The rows that the filter leaves, in the chosen order. */
function chosen({ table, site, sort, down, filter, named }) {
  const names = named ? known : null;
  const read = (row) => table.columns.map((name) => text(row[name], site, names)).join("\t").toLowerCase();
  const found = filter ? table.rows.filter((row) => read(row).includes(filter)) : [...table.rows];
  if (sort === null) return found;
  const keyed = found.map((row) => [order(row[sort], site, names), row]);
  keyed.sort(([a], [b]) => (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b)));
  if (down) keyed.reverse();
  return keyed.map(([, row]) => row);
}

function heading(name, state, redraw, numeric) {
  const active = state.sort === name;
  const sort = () => {
    state.down = active && !state.down;
    state.sort = name;
    state.page = 0;
    redraw();
  };
  const direction = active ? (state.down ? "descending" : "ascending") : null;
  const mark = active ? (state.down ? " ↓" : " ↑") : "";
  const press = button(name.replaceAll("_", " ") + mark, sort, { class: "wb-plain", title: say("sort", name) });
  return element("th", { scope: "col", "aria-sort": direction, class: numeric.has(name) ? "number" : null }, press);
}

function paging(total, first, count, state, redraw) {
  if (total === 0) return element("p", { class: "soft" }, say("empty"));
  const turn = (by) => () => { state.page += by; redraw(); };
  const back = button(say("previous"), turn(-1), { disabled: state.page === 0, class: "wb-quiet" });
  const on = button(say("next"), turn(1), { disabled: first + count >= total, class: "wb-quiet" });
  const where = element("span", { class: "soft" }, say("shown", first + 1, first + count, total));
  return element("div", { class: "wb-controls" }, back, where, on);
}

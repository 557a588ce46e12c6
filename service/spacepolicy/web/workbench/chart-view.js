// A chart of the table, which Vega-Lite draws; its specification can be taken along.
import { fields, firstChoice, fittingMark, isHue, MARKS, specification } from "./chart-spec.js";
import { button, choice, element } from "./dom.js";
import { library } from "./libraries.js";
import { known, learn } from "./names.js";
import { say } from "./words.js";

const MOST_NAMES = 500; // of things that are asked for at once, as the address of a query holds
const CANVAS_FROM = 1000; // marks; as SVG, more of them make the page slow
const NARROW = 480; // pixels; below, names have less room

/** The chart within the element: mark and columns by the types of the columns, and as chosen. */
export async function chartView(parent, table, site) {
  const state = { table, site, chosen: firstChoice(table), view: null };
  const picture = element("div", { class: "wb-picture" });
  const under = element("div");
  const redraw = () => draw(state, picture, under);
  parent.replaceChildren(selects(state, redraw), element("figure", { class: "wb-chart" }, picture), under);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => (parent.isConnected ? redraw() : dark.removeEventListener("change", recolour));
  dark.addEventListener("change", recolour);
  await nameRows(table, site);
  await redraw();
}

async function nameRows(table, site) {
  const iris = new Set(table.rows.flatMap((row) => Object.values(row))
    .filter((term) => term.type === "uri").map((term) => term.value));
  await learn(site, [...iris].slice(0, MOST_NAMES));
}

/** What mark and columns are chosen with. A column across brings the mark that suits it. */
function selects(state, redraw) {
  const { table, chosen } = state;
  const all = fields(table);
  const options = (found) => found.map(({ name }) => [name, name.replaceAll("_", " ")]);
  const numbers = options(all.filter(({ type }) => type === "quantitative"));
  const hues = options(all.filter(({ name, type }) => type === "nominal" && isHue(table, name)));
  const mark = choice(say("mark"), MARKS.map((name) => [name, say(name)]), chosen.mark, (value) => { chosen.mark = value; redraw(); });
  const across = choice(say("across"), options(all), chosen.across, (value) => {
    chosen.across = value;
    chosen.mark = fittingMark(table, all.find(({ name }) => name === value));
    mark.querySelector("select").value = chosen.mark;
    redraw();
  });
  const number = choice(say("value"), numbers, chosen.value, (value) => { chosen.value = value; redraw(); });
  const colour = choice(say("colour"), [["", say("none")], ...hues], chosen.colour, (value) => { chosen.colour = value; redraw(); });
  return element("div", { class: "wb-controls" }, mark, across, number, hues.length ? colour : null);
}

async function draw(state, picture, under) {
  const { spec, rest } = specification(state.table, state.chosen, state.site, known);
  under.replaceChildren(rest ? element("p", { class: "soft" }, say("more", rest)) : "", taken(spec));
  const loaded = await library(state.site, "chart").catch(() => null);
  if (!loaded) {
    picture.replaceChildren(element("p", { class: "bad" }, say("notLoaded")));
    return;
  }
  state.view?.finalize();
  const fitted = { ...spec, width: "container" };
  const { spec: drawn } = loaded.compile(fitted, { config: colours(picture), logger: loaded.logger(loaded.ONLY_ERRORS) });
  const runtime = loaded.parse(drawn, {}, { ast: true });
  const holder = element("div", { class: "wb-marks", role: "img", "aria-label": spec.description });
  const tip = element("div", { class: "wb-tip", hidden: true });
  picture.replaceChildren(holder, tip);
  const renderer = spec.data.values.length > CANVAS_FROM ? "canvas" : "svg";
  state.view = new loaded.View(runtime, { expr: loaded.expressionInterpreter, renderer, container: holder });
  state.view.tooltip((_, event, _item, value) => showTip(tip, picture, event, value));
  await state.view.runAsync();
}

/** The colours and letters of the page. */
function colours(picture) {
  const style = getComputedStyle(picture);
  const of = (name) => style.getPropertyValue(name).trim();
  const words = { labelColor: of("--soft"), titleColor: of("--ink"), labelFontSize: 12, titleFontSize: 12, titleFontWeight: 600 };
  const limit = picture.clientWidth < NARROW ? 120 : 260;
  return {
    background: "transparent", font: of("--sans"), view: { stroke: null },
    axis: { ...words, labelLimit: limit, gridColor: of("--line"), domainColor: of("--soft"), tickColor: of("--soft") },
    legend: { ...words, orient: "bottom", columns: picture.clientWidth < NARROW ? 1 : 3, labelLimit: 220 },
    mark: { color: of("--k1") }, bar: { cornerRadiusEnd: 2 }, line: { strokeWidth: 2 }, point: { filled: true, size: 60, opacity: 0.8 },
    range: { category: [1, 2, 3, 4, 5, 6, 7, 8].map((index) => of(`--k${index}`)) },
  };
}

/** What a mark says, beside the pointer. */
function showTip(tip, picture, event, value) {
  tip.hidden = value === null || value === undefined || value === "";
  if (tip.hidden) return;
  const rows = typeof value === "object" ? Object.entries(value) : [["", value]];
  tip.replaceChildren(...rows.map(([name, each]) => element("div", {}, element("b", {}, name), ` ${each}`)));
  const box = picture.getBoundingClientRect();
  const left = Math.min(event.clientX - box.left + 12, box.width - tip.offsetWidth);
  tip.style.left = `${Math.max(left, 0)}px`;
  tip.style.top = `${event.clientY - box.top + 14}px`;
}

/** The specification to read, copy or save: it holds its data and stands alone. */
function taken(spec) {
  const text = JSON.stringify(spec, null, 2);
  const file = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const copied = element("span", { class: "soft", role: "status" });
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    copied.textContent = say(done ? "specificationCopied" : "specificationBelow");
  };
  return element("details", { class: "wb-fold" }, element("summary", {}, say("specification")),
    element("p", {}, say("specificationUse")),
    element("div", { class: "wb-controls" }, button(say("copy"), copy, { class: "wb-quiet" }),
      element("a", { href: file, download: "chart.vl.json" }, say("save")), copied),
    element("pre", { tabindex: 0, "aria-label": say("specification") }, text));
}

// A number by a name as bars; numbers by numbers or dates as a line.
import { drawing, element } from "./dom.js";
import { columnsOf, isDate, isNumber, text } from "./terms.js";
import { known } from "./names.js";
import { say } from "./words.js";

const MOST_BARS = 60; // more are a table's task
const BAR = 24;

/** Whether the table has what a chart shows. */
export function canChart(table) {
  return columnsOf(table, isNumber).length > 0 && table.rows.length > 1;
}

/** The chart within the element: of the first number, by the first other column. */
export function chartView(parent, table, site) {
  const numbers = columnsOf(table, isNumber);
  const across = table.columns.find((name) => !numbers.includes(name)) ?? table.columns[0];
  const value = numbers.find((name) => name !== across) ?? numbers[0];
  const points = table.rows.filter((row) => row[value] && row[across])
    .map((row) => ({ name: text(row[across], site, known), at: row[across], value: Number(row[value].value) }));
  const isLine = points.every(({ at }) => isDate(at) || (isNumber(at) && across !== value));
  const shown = isLine ? points : points.slice(0, MOST_BARS);
  const chart = isLine ? line(shown) : bars(shown);
  const caption = element("figcaption", {}, `${value} / ${across}`);
  const rest = points.length - shown.length;
  parent.replaceChildren(element("figure", { class: "wb-chart" }, caption, chart,
    rest ? element("p", { class: "soft" }, say("more", rest)) : null));
}

function bars(points) {
  const top = Math.max(...points.map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  const lines = points.map(({ name, value }, index) => drawing("g", { transform: `translate(0 ${index * BAR})` },
    drawing("title", {}, `${name}: ${value}`),
    drawing("text", { x: 252, y: 16, "text-anchor": "end" }, name.length > 34 ? `${name.slice(0, 33)}…` : name),
    drawing("rect", { x: 260, y: 4, width: Math.max((Math.abs(value) / top) * 380, 1), height: BAR - 8 }),
    drawing("text", { x: 266 + (Math.abs(value) / top) * 380, y: 16, class: "value" }, String(value))));
  return picture(720, points.length * BAR, points, lines);
}

function line(points) {
  const position = ({ at }) => (isNumber(at) ? Number(at.value) : Date.parse(at.value));
  const sorted = points.map((point) => ({ ...point, x: position(point) })).sort((a, b) => a.x - b.x);
  const scaled = (value, low, high, from, to) => from + ((value - low) / (high - low || 1)) * (to - from);
  const values = sorted.map(({ value }) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  const place = ({ x, value }) => [scaled(x, sorted[0].x, sorted.at(-1).x, 50, 690), scaled(value, low, high, 230, 20)];
  const dots = sorted.map((point) => {
    const [x, y] = place(point);
    return drawing("circle", { cx: x, cy: y, r: 4 }, drawing("title", {}, `${point.name}: ${point.value}`));
  });
  const labels = [[50, sorted[0].name, "start"], [690, sorted.at(-1).name, "end"]]
    .map(([x, words, anchor]) => drawing("text", { x, y: 252, "text-anchor": anchor }, words));
  const scale = [[24, high], [234, low]].map(([y, words]) => drawing("text", { x: 42, y, "text-anchor": "end" }, String(words)));
  const path = drawing("polyline", { points: sorted.map((point) => place(point).join(",")).join(" ") });
  return picture(720, 262, points, [path, ...dots, ...labels, ...scale]);
}

function picture(width, height, points, children) {
  const words = points.map(({ name, value }) => `${name}: ${value}`).join("; ");
  return drawing("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words }, ...children);
}

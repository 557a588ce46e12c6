// From the columns of a table to a Vega-Lite specification.
// Spec: https://vega.github.io/vega-lite/docs/spec.html
import { columnsOf, isDate, isNumber, text } from "./terms.js";

const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";
const MOST_BARS = 60; // more are a table's task
const MOST_POINTS = 10_000; // as many as a canvas draws in half a second
const MOST_HUES = 8; // the page has as many
const STEP = 24; // pixels of a bar with its space: room for a line of text

export const MARKS = ["bar", "line", "point"];

/** The columns with what they hold: "quantitative", "temporal" or "nominal". */
export function fields(table) {
  const numbers = new Set(columnsOf(table, isNumber));
  const dates = new Set(columnsOf(table, isDate));
  const type = (name) => (numbers.has(name) ? "quantitative" : dates.has(name) ? "temporal" : "nominal");
  return table.columns.map((name) => ({ name, type: type(name) }));
}

/** Whether the table has what a chart shows: a number in more than one row. */
export function canChart(table) {
  return table.rows.length > 1 && fields(table).some(({ type }) => type === "quantitative");
}

/** Whether a chart says all of the table: a number by one other column. */
export function suitsChart(table) {
  return canChart(table) && table.columns.length === 2 && table.rows.length <= MOST_BARS;
}

/** Mark and columns that the types of the columns call for. */
export function firstChoice(table) {
  const all = fields(table);
  const of = (type) => all.filter((field) => field.type === type);
  const numbers = of("quantitative");
  const across = of("temporal")[0] ?? of("nominal")[0] ?? numbers[0];
  const value = numbers.find((field) => field !== across) ?? numbers[0];
  const colour = of("nominal").find((field) => field !== across && isHue(table, field.name));
  return { mark: fittingMark(table, across), across: across.name, value: value.name, colour: colour?.name ?? "" };
}

/** The mark that the column across calls for. */
export function fittingMark(table, { name, type }) {
  if (type === "nominal") return "bar";
  return type === "temporal" || rises(table, name) ? "line" : "point";
}

/** Whether the numbers of a column rise from row to row, as years do that are counted. */
function rises(table, name) {
  const values = table.rows.map((row) => Number(row[name]?.value));
  return values.every((value, index) => index === 0 || value > values[index - 1]);
}

/** Whether the column has few enough values to tell them by hue. */
export function isHue(table, name) {
  const found = new Set(table.rows.map((row) => row[name]?.value));
  return found.size > 1 && found.size <= MOST_HUES;
}

/** The specification of the choice, which stands alone, and how many rows it leaves out. */
export function specification(table, choice, site, names) {
  const all = new Map(fields(table).map((field) => [field.name, field]));
  const used = [choice.across, choice.value, choice.colour].filter(Boolean);
  const whole = table.rows.filter((row) => row[choice.across] && row[choice.value]);
  const rows = whole.slice(0, isBars(choice, all) ? MOST_BARS : MOST_POINTS);
  const values = rows.map((row) => Object.fromEntries(used.map((name) => [name, datum(row[name], all.get(name), site, names)])));
  const spec = {
    $schema: SCHEMA,
    description: `${title(choice.value)} / ${title(choice.across)}`,
    width: 560,
    height: isBars(choice, all) ? { step: STEP } : 300,
    data: { values },
    mark: { type: choice.mark, tooltip: true, ...(choice.mark === "line" ? { point: true } : {}) },
    encoding: encoding(choice, all, table),
  };
  return { spec, rest: whole.length - rows.length };
}

const isBars = ({ mark, across }, all) => mark === "bar" && all.get(across).type === "nominal";
const title = (name) => name.replaceAll("_", " ");

function datum(term, { type }, site, names) {
  if (!term) return null;
  return type === "quantitative" ? Number(term.value) : text(term, site, names);
}

/** Bars of names lie, so that the names can be read; everything else stands. */
function encoding(choice, all, table) {
  const across = channel(all.get(choice.across), table);
  const value = channel(all.get(choice.value), table);
  const places = isBars(choice, all) ? { y: { ...across, sort: null }, x: value } : { x: across, y: value };
  return choice.colour ? { ...places, color: channel(all.get(choice.colour), table) } : places;
}

/** A column on an axis; a date is the same day wherever it is read. */
function channel({ name, type }, table) {
  const found = { field: name, type, title: title(name) };
  if (type === "temporal") return { ...found, scale: { type: "utc" } };
  if (type === "nominal") return found;
  const values = table.rows.filter((row) => row[name]).map((row) => Number(row[name].value));
  const axis = { ...(isYear(values) ? { format: "d" } : {}), ...(values.every(Number.isInteger) ? { tickMinStep: 1 } : {}) };
  return { ...found, scale: { zero: !isYear(values) }, axis };
}

/** Whether all numbers read as years, which an axis neither groups nor begins at zero. */
const isYear = (values) => values.every((value) => Number.isInteger(value) && value > 1000 && value < 3000);

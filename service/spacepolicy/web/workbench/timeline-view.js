// Things on a time axis: a mark for a date, a bar where a second column has the end.
import { drawing, element } from "./dom.js";
import { known } from "./names.js";
import { columnsOf, isDate, text } from "./terms.js";
import { say } from "./words.js";

const MOST = 80; // lines of a picture that can be read
const ROW = 22;
const LEFT = 250;
const RIGHT = 700;

/** Whether the table has dates. */
export function canTimeline(table) {
  return columnsOf(table, isDate).length > 0;
}

/** Whether a timeline says all of the table: dates, and at most a name. */
export function suitsTimeline(table) {
  const dates = columnsOf(table, isDate).length;
  return dates > 0 && dates < 3 && table.columns.length - dates < 2 && table.rows.length > 1 && table.rows.length <= MOST;
}

/** The time axis within the element, the earliest first. */
export function timelineView(parent, table, site) {
  const [from, to] = columnsOf(table, isDate);
  const name = table.columns.find((each) => each !== from && each !== to);
  const found = table.rows.filter((row) => row[from]).map((row) => ({
    words: name ? text(row[name], site, known) : "",
    begin: time(row[from]),
    end: to && row[to] ? time(row[to]) : time(row[from]),
    said: [row[from].value, to && row[to]?.value].filter(Boolean).join(" – "),
  })).sort((a, b) => a.begin - b.begin);
  const shown = found.slice(0, MOST);
  const rest = found.length - shown.length;
  parent.replaceChildren(element("figure", { class: "wb-chart wb-drawn" }, axis(shown),
    rest ? element("p", { class: "soft" }, say("more", rest)) : null));
}

function axis(marks) {
  const times = marks.flatMap(({ begin, end }) => [begin, end]);
  const [low, high] = [Math.min(...times), Math.max(...times)];
  const x = (at) => LEFT + 10 + ((at - low) / (high - low || 1)) * (RIGHT - LEFT - 90);
  const lines = marks.map((mark, index) => {
    const y = index * ROW;
    const words = mark.words.length > 32 ? `${mark.words.slice(0, 31)}…` : mark.words;
    const width = Math.max(x(mark.end) - x(mark.begin), 6);
    return drawing("g", {}, drawing("title", {}, `${mark.words}: ${mark.said}`),
      drawing("text", { x: LEFT - 8, y: y + 15, "text-anchor": "end" }, words),
      drawing("rect", { x: x(mark.begin), y: y + 5, width, height: 12, rx: 3 }),
      drawing("text", { x: x(mark.begin) + width + 6, y: y + 15, class: "value" }, mark.said));
  });
  const label = marks.map(({ words, said }) => `${words}: ${said}`).join("; ");
  return drawing("svg", { viewBox: `0 0 ${RIGHT + 60} ${marks.length * ROW + 4}`, role: "img", "aria-label": label }, ...lines);
}

function time(term) {
  return Date.parse(/#gYear(Month)?$/.test(term.datatype) ? `${term.value.slice(0, 7)}` : term.value);
}

// Nodes and links: what leads to what, drawn, and told as a list.
import { choice, element } from "./dom.js";
import { drawGraph } from "./graph-drawing.js";
import { firstEnds, isThing, key, model } from "./graph-model.js";
import { inferredAmong } from "./inferred.js";
import { library } from "./libraries.js";
import { known, learn } from "./names.js";
import { columnsOf, shown } from "./terms.js";
import { say } from "./words.js";

const MOST_LISTED = 200; // lines of a list that is still looked through; the table has all

/** The graph of the table within the element. */
export async function graphView(parent, table, site) {
  const state = { table, site, ends: firstEnds(table) };
  const body = element("div");
  const redraw = () => draw(body, state);
  parent.replaceChildren(table.statements ? "" : selects(state, redraw), body);
  await redraw();
}

/** What the columns are chosen with that links lead from, to, and are named by. */
function selects(state, redraw) {
  const { table, ends } = state;
  const options = columnsOf(table, isThing).map((name) => [name, name.replaceAll("_", " ")]);
  const others = table.columns.map((name) => [name, name.replaceAll("_", " ")]);
  const chosen = (part, found) => choice(say(part), found, ends[part], (value) => { ends[part] = value; redraw(); });
  return element("div", { class: "wb-controls" },
    chosen("from", options), chosen("by", [["", say("none")], ...others]), chosen("to", others));
}

async function draw(body, { table, site, ends }) {
  const graph = model(table, ends);
  const listed = graph.said.slice(0, MOST_LISTED);
  const terms = [...graph.nodes.map(({ term }) => term), ...listed.flatMap(({ from, by, to }) => [from, by, to])];
  const [loaded, inferred] = await Promise.all([
    library(site, "graph").catch(() => null),
    ends.by ? inferredAmong(site, listed) : new Set(),
    learn(site, terms.filter((term) => term?.type === "uri").map(({ value }) => value)),
  ]);
  const rest = graph.rest ? element("p", { class: "soft" }, say("moreThings", graph.nodes.length, graph.rest)) : "";
  const picture = loaded
    ? drawGraph(loaded, graph, site, inferred, body.clientWidth)
    : element("p", { class: "bad" }, say("notLoaded"));
  const key = inferred.size ? element("p", { class: "soft small" }, say("dashed")) : "";
  body.replaceChildren(element("figure", { class: "wb-graph" }, picture), key, rest, list(graph.said, listed, site, inferred));
}

/** The same as a list: what is said of each thing. */
function list(said, listed, site, inferred) {
  const subjects = new Map();
  for (const each of listed) subjects.set(key(each.from), [...(subjects.get(key(each.from)) ?? []), each]);
  const items = [...subjects.values()].map((of) => element("li", {}, shown(of[0].from, site, known),
    element("ul", {}, ...of.map((each) => line(each, site, inferred)))));
  const rest = said.length - listed.length;
  return element("details", { class: "wb-fold" }, element("summary", {}, say("asList")), element("ul", { class: "wb-said" }, ...items),
    rest ? element("p", { class: "soft" }, say("moreListed", rest)) : null);
}

function line(each, site, inferred) {
  const way = each.by ? [shown(each.by, site, known), " → "] : ["→ "];
  const mark = inferred.has(each) ? element("span", { class: "tag" }, `∴ ${say("inferred")}`) : null;
  return element("li", {}, ...way, shown(each.to, site, known), mark ? " " : null, mark);
}

// The drawing of a graph: each node a link to the page of its thing, each link an arrow.
import { drawing } from "./dom.js";
import { known, namesOf } from "./names.js";
import { address, text } from "./terms.js";
import { say } from "./words.js";

const NARROWEST = 320; // pixels, of a telephone
const WIDEST = 1100;
const PIXELS_A_NODE = 16_000; // room for a name and the lines beside it
const LOWEST = 440;
const STEPS = 300; // after as many, the simulation stands still; the same nodes always end alike
const REACH = 40; // pixels: half of what a node and its name are high
const FLAT = 1.7; // names are wider than high: the layout is that much narrower, and then stretched
const LETTERS = 22; // of a line below a node
const HALF_NAME = 66; // pixels: half the width of so many letters
const HALF_WAY = 36; // pixels: half of a link's name
const NAMED_LINKS = 40; // with more, the names of links cover each other

/** The picture. `inferred` holds what only follows of that which links say. */
export function drawGraph(library, { nodes, links }, site, inferred, available) {
  const width = Math.min(Math.max(available || NARROWEST, NARROWEST), WIDEST);
  const height = Math.max((nodes.length * PIXELS_A_NODE) / width, LOWEST);
  place(library, nodes, links, width, height);
  const withNames = links.length <= NAMED_LINKS;
  const taken = nodes.map(({ x, y }) => ({ x, y: y + 20, reach: HALF_NAME }));
  const lines = links.map((link) => arrow(link, site, inferred, withNames && isFree(link, taken)));
  const dots = nodes.map((node) => dot(node, site));
  const head = drawing("marker", { id: "wb-head", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" },
    drawing("path", { d: "M0 0L8 4L0 8z" }));
  return drawing("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": say("graphOf", nodes.length, links.length) },
    drawing("defs", {}, head), ...lines, ...dots);
}

/** Give each node a place within the frame, and each link its nodes. */
function place(library, nodes, links, width, height) {
  const distance = Math.sqrt((width * height) / FLAT / Math.max(nodes.length, 1)) * 0.8;
  library.forceSimulation(nodes)
    .force("link", library.forceLink(links).id(({ id }) => id).distance(distance).strength(0.5))
    .force("charge", library.forceManyBody().strength(-distance * 4))
    .force("collide", library.forceCollide(REACH))
    .force("x", library.forceX().strength(0.06 * (height / width) * FLAT))
    .force("y", library.forceY().strength(0.06 * (width / height) / FLAT))
    .stop().tick(STEPS);
  stretch(nodes, "x", 74, width - 74, FLAT * 1.4);
  stretch(nodes, "y", 20, height - 44, 1.4);
}

/** Move what the nodes have of one axis into its range, and stretch it so many times at most. */
function stretch(nodes, axis, from, to, most) {
  const found = nodes.map((node) => node[axis]);
  const [low, high] = [Math.min(...found), Math.max(...found)];
  const scale = high > low ? Math.min((to - from) / (high - low), most) : 1;
  const middle = (from + to) / 2 - ((low + high) / 2) * scale;
  for (const node of nodes) node[axis] = node[axis] * scale + middle;
}

/** Whether the middle of the link has room for a name; it is then taken. */
function isFree({ source, target }, taken) {
  const [x, y] = [(source.x + target.x) / 2, (source.y + target.y) / 2];
  if (taken.some((each) => Math.abs(each.x - x) < each.reach + HALF_WAY && Math.abs(each.y - y) < 28)) return false;
  taken.push({ x, y, reach: HALF_WAY });
  return true;
}

function arrow({ source, target, said }, site, inferred, withName) {
  const length = Math.hypot(target.x - source.x, target.y - source.y) || 1;
  const [dx, dy] = [(target.x - source.x) / length, (target.y - source.y) / length];
  const ends = { x1: source.x + dx * 8, y1: source.y + dy * 8, x2: target.x - dx * 9, y2: target.y - dy * 9 };
  const ways = [...new Set(said.filter(({ by }) => by).map(({ by }) => text(by, site, known)))];
  const follows = said.every((each) => inferred.has(each));
  const whole = `${text(source.term, site, known)} — ${ways.join(" · ")} → ${text(target.term, site, known)}`;
  const name = withName && ways.length
    ? drawing("text", { x: (source.x + target.x) / 2, y: (source.y + target.y) / 2 - 3, class: "way" }, cut(ways[0], LETTERS) + (ways.length > 1 ? " …" : ""))
    : "";
  return drawing("g", { class: follows ? "follows" : "stated" }, drawing("title", {}, whole), drawing("line", { ...ends, "marker-end": "url(#wb-head)" }), name);
}

function dot({ x, y, term, degree }, site) {
  const words = text(term, site, known);
  const names = term.type === "uri" ? namesOf(term.value) : [];
  const href = term.type === "uri" ? address(term.value, site) : null;
  const parts = [
    drawing("title", {}, names.join(" · ") || words),
    drawing("circle", { cx: x, cy: y, r: Math.min(5 + Math.sqrt(degree), 12) }),
    ...lines(words).map((line, index) => drawing("text", { x, y: y + 24 + index * 14 }, line)),
  ];
  return href ? drawing("a", { href, "aria-label": words }, ...parts) : drawing("g", {}, ...parts);
}

/** The words in two lines at most. An ideograph takes the room of two letters. */
function lines(words) {
  if (room(words) <= LETTERS) return [words];
  const parts = words.match(/\p{Script=Han}|[^\s\p{Script=Han}]+\s*|\s+/gu) ?? [words];
  let first = "";
  while (parts.length && room(first + parts[0]) <= LETTERS) first += parts.shift();
  return first ? [first.trim(), cut(parts.join("").trim(), LETTERS)] : [cut(words, LETTERS)];
}

function cut(words, letters) {
  if (room(words) <= letters) return words;
  let found = "";
  for (const letter of words) {
    if (room(found + letter) >= letters) break;
    found += letter;
  }
  return `${found.trim()}…`;
}

const room = (words) => [...words].reduce((sum, letter) => sum + (/\p{Script=Han}/u.test(letter) ? 1.8 : 1), 0);

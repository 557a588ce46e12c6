// Things on a map of coasts: each mark a link with its name; the same as a list beside it.
import { places } from "./coordinates.js";
import { button, element } from "./dom.js";
import { library } from "./libraries.js";
import { drawMap } from "./map-drawing.js";
import { known, learn } from "./names.js";
import { shown, text } from "./terms.js";
import { say } from "./words.js";

const MOST_MARKS = 2000; // links that a page moves between without delay
const MOST_LISTED = 100; // as many as a page of the table

/** The map of the table within the element. */
export async function mapView(parent, table, site) {
  const [loaded, { marks, rest }] = await Promise.all([library(site, "map").catch(() => null), places(table, site)]);
  if (!loaded || !marks.length) {
    parent.replaceChildren(element("p", { class: loaded ? "soft" : "bad" }, say(loaded ? "nowhere" : "notLoaded")));
    return;
  }
  const drawn = marks.slice(0, MOST_MARKS);
  await learn(site, drawn.filter(({ term }) => term?.type === "uri").map(({ term }) => term.value).slice(0, MOST_LISTED * 5));
  const named = drawn.map((mark) => ({ ...mark, words: mark.term ? text(mark.term, site, known) : wordsOf(mark.geometry) }));
  const state = { whole: false };
  const picture = element("figure", { class: "wb-map", "aria-label": say("mapOf", drawn.length) });
  const draw = () => picture.replaceChildren(drawMap(loaded, named, site, picture.clientWidth, state.whole));
  const zoom = button(say("wholeWorld"), () => {
    state.whole = !state.whole;
    zoom.setAttribute("aria-pressed", String(state.whole));
    draw();
  }, { class: "wb-quiet", "aria-pressed": "false" });
  const missing = rest + marks.length - drawn.length;
  const note = missing ? element("p", { class: "soft" }, say("notOnMap", missing)) : "";
  parent.replaceChildren(element("div", { class: "wb-controls" }, zoom),
    element("div", { class: "wb-beside" }, picture, element("div", {}, list(named, site), note)));
  draw();
}

const wordsOf = ({ coordinates }) => coordinates.flat(3).slice(0, 2).reverse().map((value) => `${value}°`).join(", ");

function list(marks, site) {
  const items = marks.slice(0, MOST_LISTED).map(({ term, words, geometry }) => element("li", {},
    term ? shown(term, site, known) : words, term && geometry.type === "Point" ? element("span", { class: "soft" }, ` ${wordsOf(geometry)}`) : null));
  const rest = marks.length - items.length;
  return element("div", {}, element("ol", { class: "wb-places", "aria-label": say("asList") }, ...items),
    rest ? element("p", { class: "soft" }, say("moreListed", rest)) : null);
}

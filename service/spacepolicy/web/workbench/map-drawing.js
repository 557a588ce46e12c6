// The drawing of a map: coasts, the net of degrees, and a mark for each place.
import { drawing } from "./dom.js";
import { address } from "./terms.js";

const NARROWEST = 320; // pixels, of a telephone
const NARROW = 480; // pixels; below, a map is as high as there is room
const NEAREST = 4; // degrees around a single place: the coasts that are known are no finer
const WORLD = 130; // degrees; what lies wider apart is shown on the whole earth
const NAMED = 40; // names that have room; all are in the list
const LINE = 16; // pixels of a name's height
const LETTER = 7.2; // pixels of a letter of 13 pixels

/** The map of the marks, `{ term, geometry, words }`, near them or as the whole earth. */
export function drawMap(library, marks, site, available, whole) {
  const width = Math.max(available, NARROWEST);
  const height = Math.round(width * (whole ? 0.52 : width < NARROW ? 0.9 : 0.66));
  const projection = fitted(library, marks, width, height, whole);
  const path = library.geoPath(projection).digits(1);
  const step = projection.scale() > 1500 ? 1 : projection.scale() > 400 ? 5 : 20;
  const shape = (name, of) => drawing("path", { class: name, d: path(of) ?? "" });
  const areas = marks.filter(({ geometry }) => geometry.type !== "Point");
  const points = marks.filter(({ geometry }) => geometry.type === "Point").map((mark) => ({ ...mark, at: projection(mark.geometry.coordinates) }));
  const taken = [];
  return drawing("svg", { viewBox: `0 0 ${width} ${height}`, width, height },
    drawing("rect", { class: "sea", width, height }),
    shape("net", library.geoGraticule().step([step, step])()),
    shape("land", library.land),
    ...areas.map((mark) => link(mark, site, shape("area", outward(library, mark.geometry)))),
    ...points.map((mark) => link(mark, site, drawing("circle", { cx: mark.at[0], cy: mark.at[1], r: marks.length > NAMED * 5 ? 4 : 6 }))),
    ...points.slice(0, NAMED).map((mark) => name(mark, width, points, taken)));
}

/** A projection that shows all marks with their surroundings. */
function fitted(library, marks, width, height, whole) {
  const all = { type: "GeometryCollection", geometries: marks.map(({ geometry }) => (geometry.type === "Point" ? geometry : outline(geometry))) };
  const numbers = all.geometries.flatMap(({ coordinates }) => coordinates.flat(3));
  const range = (odd) => {
    const found = numbers.filter((_, index) => index % 2 === odd);
    return found.reduce(([low, high], each) => [Math.min(low, each), Math.max(high, each)], [Infinity, -Infinity]);
  };
  const [[west, east], [south, north]] = [range(0), range(1)];
  if (whole || east - west > WORLD) return library.geoNaturalEarth1().fitExtent([[4, 4], [width - 4, height - 4]], { type: "Sphere" });
  const margin = Math.max(NEAREST, (east - west) / 8, (north - south) / 8);
  const corners = [[west - margin, Math.max(south - margin, -84)], [east + margin, Math.min(north + margin, 84)]];
  const projection = library.geoMercator().rotate([-(west + east) / 2, 0]);
  return projection.fitExtent([[0, 0], [width, height]], { type: "MultiPoint", coordinates: corners }).clipExtent([[0, 0], [width, height]]);
}

const outline = ({ coordinates }) => ({ type: "MultiPoint", coordinates: pairs(coordinates) });
const pairs = (found) => (typeof found[0] === "number" ? [found] : found.flatMap(pairs));

/** A polygon whose ring goes round the small side: text may have either order, a sphere has two sides. */
function outward(library, geometry) {
  if (library.geoArea(geometry) <= 2 * Math.PI) return geometry;
  const turned = (found) => (typeof found[0][0] === "number" ? [...found].reverse() : found.map(turned));
  return { ...geometry, coordinates: turned(geometry.coordinates) };
}

function link({ term, words }, site, mark) {
  const href = term?.type === "uri" ? address(term.value, site) : null;
  const parts = [drawing("title", {}, words), mark];
  return href ? drawing("a", { href, "aria-label": words }, ...parts) : drawing("g", {}, ...parts);
}

/** A name beside its mark, where it covers no other. */
function name({ at: [x, y], words }, width, points, taken) {
  const short = words.length > 28 ? `${words.slice(0, 27)}…` : words;
  const wide = [...short].reduce((sum, letter) => sum + (/\p{Script=Han}/u.test(letter) ? 2 : 1), 0) * LETTER;
  const left = x + 10 + wide > width ? x - 10 - wide : x + 10;
  const box = { left, right: left + wide, top: y - LINE / 2, bottom: y + LINE / 2 };
  const covers = taken.some((each) => box.left < each.right && box.right > each.left && box.top < each.bottom && box.bottom > each.top)
    || points.some(({ at }) => at[0] > box.left && at[0] < box.right && Math.abs(at[1] - y) < LINE / 2 && at[0] !== x);
  if (covers) return "";
  taken.push(box);
  return drawing("text", { x: left, y: y + 4.5, "aria-hidden": true }, short);
}

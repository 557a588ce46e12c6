// Where things are: from columns of a table, or asked of the dataset for the things in it.
// Spec: https://docs.ogc.org/is/22-047r1/22-047r1.html (GeoSPARQL), section 8.5.1
import { rows } from "./client.js";
import { columnsOf, isNumber } from "./terms.js";

const GEO = "http://www.opengis.net/ont/geosparql#";
const WGS = "http://www.w3.org/2003/01/geo/wgs84_pos#";
const WKT = `${GEO}wktLiteral`;
const LATITUDE = /(^|_)lat(itude)?$/i;
const LONGITUDE = /(^|_)(lon|lng|long|longitude)$/i;
const LATITUDE_FIRST = /EPSG\/(0|[\d.]+)\/4326$/;
const LONGITUDE_FIRST = /CRS84$/;
const MOST_ASKED = 500; // things whose places one query asks for
const WAYS = [
  ...[`<${GEO}asWKT>`, `<${GEO}hasGeometry>/<${GEO}asWKT>`, `<${GEO}hasDefaultGeometry>/<${GEO}asWKT>`].map((way) => `{ ?thing ${way} ?wkt }`),
  `{ ?thing <${WGS}lat> ?lat ; <${WGS}long> ?long }`,
  ...["http", "https"].flatMap((scheme) => ["", `<${scheme}://schema.org/geo>/`].map((way) =>
    `{ ?thing ${way}<${scheme}://schema.org/latitude> ?lat ; ${way}<${scheme}://schema.org/longitude> ?long }`)),
].join(" UNION ");

const isWkt = (term) => term?.type === "literal" && term.datatype === WKT;
const isIri = (term) => term?.type === "uri";

/** The columns with coordinates: one of WKT, or a pair of numbers; null where there are none. */
export function coordinateColumns(table) {
  const [wkt] = columnsOf(table, isWkt);
  if (wkt) return { wkt };
  const numbers = columnsOf(table, isNumber);
  const lat = numbers.find((name) => LATITUDE.test(name));
  const long = numbers.find((name) => LONGITUDE.test(name));
  return lat && long ? { lat, long } : null;
}

let known = null;

/** Whether the table has coordinates, or things while the dataset has coordinates of any. */
export async function canMap(table, site) {
  if (coordinateColumns(table)) return true;
  if (!table.rows.some((row) => Object.values(row).some(isIri))) return false;
  known ??= rows(site, `SELECT ?thing { ${WAYS} } LIMIT 1`).then((found) => found.length > 0, () => false);
  return known;
}

/** What can be put on a map, `{ term, geometry }`, and how many rows or things cannot. */
export async function places(table, site) {
  const columns = coordinateColumns(table);
  return columns ? ofRows(table, columns) : ofThings(table, site);
}

function ofRows(table, columns) {
  const own = new Set(Object.values(columns));
  const name = table.columns.find((each) => !own.has(each) && table.rows.some((row) => isIri(row[each])))
    ?? table.columns.find((each) => !own.has(each));
  return placed(table.rows.map((row) => ({ term: name ? row[name] : null, found: pick(row, columns) })));
}

async function ofThings(table, site) {
  const iris = new Set(table.rows.flatMap((row) => Object.values(row)).filter(isIri).map(({ value }) => value));
  const asked = [...iris].filter((iri) => !/[\s<>"{}|\\^`]/.test(iri)).slice(0, MOST_ASKED);
  const values = asked.map((iri) => `<${iri}>`).join(" ");
  const found = await rows(site, `SELECT DISTINCT * { VALUES ?thing { ${values} } ${WAYS} }`).catch(() => []);
  const all = placed(found.map((row) => ({ term: row.thing, found: pick(row, { wkt: "wkt", lat: "lat", long: "long" }) })));
  const here = new Set(all.marks.map(({ term }) => term.value));
  return { marks: all.marks, rest: iris.size - here.size };
}

const pick = (row, columns) => Object.fromEntries(Object.entries(columns).map(([part, name]) => [part, row[name]]));

function placed(all) {
  const marks = all.map(({ term, found }) => ({ term, geometry: geometry(found) })).filter((each) => each.geometry);
  return { marks, rest: all.length - marks.length };
}

/** The GeoJSON geometry of a WKT literal or a pair of numbers; null where it is none on the earth. */
function geometry({ wkt, lat, long }) {
  if (wkt) return read(wkt.value);
  return lat && long ? onEarth({ type: "Point", coordinates: [Number(long.value), Number(lat.value)] }) : null;
}

const KINDS = { POINT: "Point", MULTIPOINT: "MultiPoint", LINESTRING: "LineString", MULTILINESTRING: "MultiLineString", POLYGON: "Polygon", MULTIPOLYGON: "MultiPolygon" };

/** Read well-known text. Longitude comes first, but in EPSG:4326; other systems are not drawn. */
function read(text) {
  const parts = /^\s*(?:<([^>]*)>)?\s*([A-Z]+)\s*Z?\s*(\(.*\))\s*$/is.exec(text);
  const type = parts && KINDS[parts[2].toUpperCase()];
  if (!type) return null;
  const system = parts[1] ?? "CRS84";
  const swapped = LATITUDE_FIRST.test(system);
  if (!swapped && !LONGITUDE_FIRST.test(system)) return null;
  const pair = (_, x, y) => (swapped ? `[${y},${x}]` : `[${x},${y}]`);
  const json = parts[3].replace(/([-+.\dEe]+)\s+([-+.\dEe]+)(?:\s+[-+.\dEe]+)?/g, pair).replaceAll("(", "[").replaceAll(")", "]");
  try {
    return onEarth({ type, coordinates: shaped(type, JSON.parse(json)) });
  } catch {
    return null;
  }
}

/** A point has one pair of brackets too many; each of a multipoint may have. */
function shaped(type, found) {
  if (type === "Point") return found[0];
  return type === "MultiPoint" ? found.map((each) => (Array.isArray(each[0]) ? each[0] : each)) : found;
}

function onEarth(geometry) {
  const numbers = geometry.coordinates.flat(3);
  const sound = numbers.length > 1 && numbers.every((value, index) => Number.isFinite(value) && Math.abs(value) <= (index % 2 ? 90 : 180));
  return sound ? geometry : null;
}

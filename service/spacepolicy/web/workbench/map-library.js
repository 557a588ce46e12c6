// What maps are drawn with, and the coasts of the world: loaded when the first map is asked for.
// Coasts alone: which borders hold is disputed, and the data say where a thing is.
import outlines from "world-atlas/land-50m.json";
import { feature } from "topojson-client";

export { geoArea, geoCentroid, geoGraticule, geoMercator, geoNaturalEarth1, geoPath } from "d3-geo";
/** The land of the earth as GeoJSON. */
export const land = feature(outlines, outlines.objects.land);

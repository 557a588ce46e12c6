// What graphs are laid out with, and what reads Turtle: loaded with the first answer of statements.
export { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";
export { default as Parser } from "n3/src/N3Parser.js";

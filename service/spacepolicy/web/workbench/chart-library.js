// What charts are drawn with: a file of its own, which is loaded when the first chart is asked for.
// Expressions of a chart are walked as trees (`ast`): the page allows no code made from text.
export { compile } from "vega-lite";
export { Error as ONLY_ERRORS, logger, parse, View } from "vega";
export { expressionInterpreter } from "vega-interpreter";

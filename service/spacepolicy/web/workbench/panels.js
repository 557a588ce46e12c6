// What opens below the editor: history, examples, and the query as code.
import { button, element } from "./dom.js";
import { programs } from "./code.js";
import { language, say } from "./words.js";

/** A fold that is filled when it is opened. */
function fold(words, fill) {
  const body = element("div", { class: "wb-fold" });
  const made = element("details", { ontoggle: () => made.open && fill(body, made) }, element("summary", {}, words), body);
  return made;
}

/** The queries that were run, the last first. */
export function historyPanel(state, open) {
  return fold(say("history"), (body, made) => {
    const items = state.history.map(({ query, time }) => element("li", {},
      button(query.trim().replace(/\s+/g, " ").slice(0, 120), () => { made.open = false; open(query); }, { class: "wb-plain" }),
      element("time", { datetime: time, class: "soft" }, ` ${new Date(time).toLocaleString(language)}`)));
    body.replaceChildren(items.length ? element("ul", { class: "plain" }, ...items) : say("noHistory"));
  });
}

/** The saved queries by topic, as the service lists them. */
export function examplesPanel(site, open) {
  return fold(say("examples"), async (body, made) => {
    const response = await fetch(`${site.root}/queries`, { headers: { Accept: "application/json" } });
    const { queries } = await response.json();
    const topics = Map.groupBy ? Map.groupBy(queries, topic) : grouped(queries);
    const choose = (query) => () => {
      made.open = false;
      open(query.split("\n").filter((line) => !line.startsWith("#+")).join("\n"));
    };
    body.replaceChildren(...[...topics].flatMap(([name, of]) => [
      element("h3", {}, name),
      element("ul", { class: "plain" }, ...of.map((each) => element("li", {},
        button(each.title[language] ?? each.title.en, choose(each.query), { class: "wb-plain" })))),
    ]));
  });
}

const topic = (query) => query.tags?.[0] ?? "";

function grouped(queries) {
  const found = new Map();
  for (const each of queries) found.set(topic(each), [...(found.get(topic(each)) ?? []), each]);
  return found;
}

/** The query as code. */
export function codePanel(site, text) {
  return fold(say("code"), (body) => {
    const found = Object.entries(programs(site.endpoint, text()));
    body.replaceChildren(...found.flatMap(([name, program]) => [
      element("h3", {}, name), element("pre", { tabindex: 0, "aria-label": name }, program)]));
  });
}

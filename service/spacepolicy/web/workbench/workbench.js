// The workbench: an editor in the place of the form's text area, and the answer below it. The form
// stays in the page and works without this.
import { completion } from "./completion.js";
import { Problem, Run, settings } from "./client.js";
import { button, element } from "./dom.js";
import { editor } from "./editor.js";
import { codePanel, examplesPanel, historyPanel } from "./panels.js";
import { contentOf, showAnswer } from "./result.js";
import { load, remember, save } from "./store.js";
import { drawTabs, tabBar } from "./tabs.js";
import { say } from "./words.js";

const SAVE_AFTER_MS = 300; // typing is not slowed by each letter's way to storage

function start(form) {
  const site = settings(form);
  const state = load();
  const given = new URLSearchParams(location.search);
  const asked = form.elements.query.value;
  if (asked.trim()) openQuery(state, asked);
  const parts = layout(site);
  const bench = { site, state, parts, running: null, view: given.get("view"), revision: given.get("revision") };
  bench.editor = editor(parts.editor, { run: () => run(bench), changed: (text) => changed(bench, text), complete: completion(site) });
  fill(bench);
  form.before(parts.all);
  form.hidden = true;
  showTab(bench);
  if (given.get("query")) run(bench);
}

/** Open the query in the tab that has it, in an empty one, or in a new one. */
function openQuery(state, text) {
  let index = state.tabs.findIndex((tab) => tab.text === text);
  if (index < 0) index = state.tabs.findIndex((tab) => !tab.text.trim());
  if (index < 0) index = state.tabs.push({ text }) - 1;
  state.tabs[index].text = text;
  state.current = index;
}

function layout(site) {
  const part = (name, attributes) => element("div", { class: `wb-${name}`, ...attributes });
  const parts = {
    tabs: tabBar(), editor: part("editor"), bar: part("bar"), panels: part("panels"),
    status: part("status", { role: "status" }), result: part("result"),
  };
  const keys = element("p", { id: "workbench-keys", class: "soft small" }, say("keys"), " ",
    element("a", { href: site.notices }, say("notices")));
  parts.all = element("div", { class: "wb" }, parts.tabs, parts.editor, parts.bar, parts.status, parts.result, parts.panels, keys);
  return parts;
}

function fill(bench) {
  const { parts, state, site } = bench;
  bench.runButton = button(say("run"), () => run(bench));
  bench.stopButton = button(say("cancel"), () => bench.running?.stop(), { class: "wb-quiet", hidden: true });
  parts.bar.append(bench.runButton, bench.stopButton, button(say("share"), () => share(bench), { class: "wb-quiet" }));
  const open = (text) => { openQuery(state, text); showTab(bench); bench.editor.focus(); };
  parts.panels.append(examplesPanel(site, open), historyPanel(state, open), codePanel(site, () => bench.editor.text()));
}

function showTab(bench) {
  drawTabs(bench.parts.tabs, bench.state, () => showTab(bench));
  bench.editor.setText(bench.state.tabs[bench.state.current].text);
  bench.editor.mark(null);
  save(bench.state);
}

function changed(bench, text) {
  bench.state.tabs[bench.state.current].text = text;
  clearTimeout(bench.saving);
  bench.saving = setTimeout(() => save(bench.state), SAVE_AFTER_MS);
}

async function run(bench) {
  const query = bench.editor.text();
  if (!query.trim()) return;
  await bench.running?.stop();
  const running = new Run(bench.site, query, bench.revision);
  bench.running = running;
  busy(bench, true);
  try {
    const answer = await running.answer();
    const content = await contentOf(answer, bench.site);
    if (bench.running === running) show(bench, answer, content);
  } catch (problem) {
    if (bench.running === running) fail(bench, running, problem);
  }
  if (bench.running === running) busy(bench, false);
  remember(bench.state, query);
  save(bench.state);
}

function busy(bench, on) {
  if (!on) bench.running = null;
  bench.stopButton.hidden = !on;
  if (on) bench.parts.status.replaceChildren(say("running"));
}

function show(bench, answer, content) {
  bench.editor.mark(null);
  bench.answered = answer.revision;
  serverAnswer().forEach((each) => { each.hidden = true; });
  showAnswer(bench.parts.result, content, bench.site, bench.view, (name) => { bench.view = name; address(bench); });
  const { table } = content;
  const counted = table?.statements ? "statements" : "rows";
  const words = table ? say(counted, table.rows.length, answer.milliseconds) : say("triples", answer.milliseconds);
  bench.parts.status.replaceChildren(words, ...answer.hints.map((hint) => element("p", { class: "wb-hint" }, hint)));
  address(bench);
}

function fail(bench, running, problem) {
  bench.parts.result.replaceChildren();
  serverAnswer().forEach((each) => { each.hidden = true; });
  bench.editor.mark(problem instanceof Problem ? problem.members : null);
  const { line, column } = problem.members ?? {};
  const place = line ? say("place", line, column ?? 1) : "";
  const words = problem instanceof Problem ? place + problem.message : say("unreachable");
  const said = running.stopped ? say("cancelled") : words;
  bench.parts.status.replaceChildren(element("p", { class: "bad" }, said));
}

/** What the server's page shows of the answer; the workbench shows it instead. */
const serverAnswer = () => [...document.querySelectorAll("[data-answer]")];

/** The address of the query, its view and, where it is to last, the revision. */
function link(bench, revision) {
  const found = new URL(bench.site.endpoint);
  const values = { lang: bench.site.chosen, query: bench.editor.text(), view: bench.view, revision };
  for (const [name, value] of Object.entries(values)) if (value) found.searchParams.set(name, value);
  return found;
}

function address(bench) {
  history.replaceState(null, "", link(bench, bench.revision));
}

async function share(bench) {
  const found = link(bench, bench.revision ?? bench.answered);
  await navigator.clipboard?.writeText(found.href).catch(() => {});
  bench.parts.status.replaceChildren(say("copied", ""), element("a", { href: found.href }, found.href.slice(0, 120)));
}

const form = document.querySelector("form[data-workbench]");
if (form) start(form);

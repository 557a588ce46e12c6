// The editor: CodeMirror with SPARQL, the service's errors, and its completion.
import "./style-mount.js";
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { sparql } from "@codemirror/legacy-modes/mode/sparql";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { say } from "./words.js";

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--k3)", fontWeight: "600" },
  { tag: tags.atom, color: "var(--k1)" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--k6)" },
  { tag: tags.string, color: "var(--k4)" },
  { tag: tags.number, color: "var(--k2)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: tags.meta, color: "var(--k5)" },
]);

/** An editor within the element. `run` is called by Ctrl-Enter, `changed` with each new text. */
export function editor(parent, { run, changed, complete }) {
  const view = new EditorView({
    parent,
    state: EditorState.create({ extensions: extensions(run, changed, complete) }),
  });
  return {
    view,
    text: () => view.state.doc.toString(),
    setText: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    focus: () => view.focus(),
    mark: (problem) => mark(view, problem),
  };
}

function extensions(run, changed, complete) {
  const shortcuts = [
    { key: "Mod-Enter", run: () => (run(), true), preventDefault: true },
    ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, indentWithTab,
  ];
  return [
    lineNumbers(), history(), drawSelection(), bracketMatching(), closeBrackets(),
    highlightActiveLine(), lintGutter(), EditorView.lineWrapping,
    StreamLanguage.define(sparql), syntaxHighlighting(COLOURS),
    autocompletion({ override: [complete], maxRenderedOptions: 60 }),
    EditorView.contentAttributes.of({ "aria-label": say("query"), "aria-describedby": "workbench-keys" }),
    EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
    keymap.of(shortcuts),
  ];
}

/** Mark the place that the problem names; without one, remove the mark. */
function mark(view, problem) {
  const { line, column, detail } = problem ?? {};
  if (!line || line > view.state.doc.lines) {
    view.dispatch(setDiagnostics(view.state, []));
    return;
  }
  const found = view.state.doc.line(line);
  const from = Math.min(found.from + (column ?? 1) - 1, found.to);
  const word = /^[\w?:$-]+|^./.exec(found.text.slice(from - found.from));
  const place = { from, to: from + (word ? word[0].length : 0), severity: "error", message: detail };
  view.dispatch(setDiagnostics(view.state, [place]));
}

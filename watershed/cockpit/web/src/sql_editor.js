// The editor of the SQL page, and what it completes.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, Prec } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { EditorView, basicSetup } from "codemirror";
import { speakDuckDB } from "./sql_words.js";

// Colours by the page's variables, so that dark and light need nothing of their own.
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: tags.typeName, color: "var(--info)" },
]);
const look = EditorView.theme({
  "&": { fontSize: "13px", backgroundColor: "var(--ground)", color: "var(--text)" },
  ".cm-content": { caretColor: "var(--text)", minHeight: "8em", fontFamily: "ui-monospace, Menlo, Consolas, monospace" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--quiet)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--raised)" },
  "&.cm-focused .cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-ground)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { color: "var(--quiet)", fontStyle: "normal" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
});

export function openEditor(parent, doc, run, changed) {
  const language = new Compartment();
  const view = new EditorView({
    doc,
    parent,
    extensions: [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }])),
      basicSetup,
      language.of(speakDuckDB()),
      syntaxHighlighting(colours),
      look,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-labelledby": "editor-label" }),
      EditorView.updateListener.of((update) => update.docChanged && changed()),
    ],
  });
  const length = () => view.state.doc.length;
  return {
    view,
    text: () => view.state.doc.toString(),
    write: (text) => view.dispatch({ changes: { from: 0, to: length(), insert: text }, selection: { anchor: text.length } }),
    learn: (names) => view.dispatch({ effects: language.reconfigure(speakDuckDB(names)) }),
    focus: () => view.focus(),
    insert(text) {
      const { from, to } = view.state.selection.main;
      const before = view.state.sliceDoc(Math.max(0, from - 1), from);
      const spaced = (/[\w"')]$/.test(before) ? " " : "") + text;
      view.dispatch({ changes: { from, to, insert: spaced }, selection: { anchor: from + spaced.length }, scrollIntoView: true });
      view.focus();
    },
    point(line, column) {
      if (line > view.state.doc.lines) return;
      view.dispatch({ selection: { anchor: Math.min(view.state.doc.line(line).from + column - 1, length()) }, scrollIntoView: true });
      view.focus();
    },
  };
}

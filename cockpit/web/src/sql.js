// The SQL page: an editor, and what comes back as a grid, a chart or a file.
import * as Plot from "@observablehq/plot";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, Prec } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { EditorView, basicSetup } from "codemirror";
import { TabulatorFull as Tabulator } from "tabulator-tables";
import "tabulator-tables/dist/css/tabulator_simple.css";
import "./sql.css";

const root = document.body.dataset.root;
const $ = (id) => document.getElementById(id);
const KEPT = 50; // queries in the history
const storage = `watershed-sql-${$("ask").dataset.user}`;
let answer = null;
let asking = null;
let leaving = new AbortController(); // the server ends a query that nobody waits for
let grid = null;

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
});
const language = new Compartment();
const editor = new EditorView({
  doc: $("query").value,
  parent: $("editor"),
  extensions: [
    Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }])),
    basicSetup,
    language.of(sql({ dialect: PostgreSQL })),
    syntaxHighlighting(colours),
    look,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-labelledby": "editor-label" }),
  ],
});
const text = () => editor.state.doc.toString();
const write = (query) => editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: query } });

async function complete() {
  const names = await (await fetch(`${root}/sql/names`)).json();
  const schema = {};
  for (const [address, columns] of Object.entries(names)) {
    const [folder, name] = address.split(".");
    (schema[folder] ??= {})[name] = columns;
  }
  const own = PostgreSQL.language.data.of({ autocomplete: (context) => offerColumns(context, names) });
  editor.dispatch({ effects: language.reconfigure([sql({ dialect: PostgreSQL, schema }), own]) });
  for (const address of Object.keys(names).filter((name) => /^(mart|core)\./.test(name))) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: address });
    button.addEventListener("click", () => (write(`from ${address} limit 100`), editor.focus()));
    $("start-list").append(button);
  }
}

// Columns of the tables that the query names, without their table's name before them.
function offerColumns(context, names) {
  const word = context.matchBefore(/[a-z_]\w*/i);
  if (!word || context.state.sliceDoc(word.from - 1, word.from) === ".") return null;
  const named = Object.keys(names).filter((address) => text().includes(address));
  const options = named.flatMap((address) => names[address].map((label) => ({ label, type: "property", detail: address, boost: 1 })));
  return options.length ? { from: word.from, options, validFor: /^\w*$/ } : null;
}

function form(extra = {}) {
  return new URLSearchParams({ query: text(), snapshot: $("snapshot").value, name: asking, ...extra });
}

async function run() {
  if (asking || !text().trim()) return;
  const found = await wait("asking", async () => await (await post("/sql/run", form())).json());
  if (!found) return;
  if (found.error) return tell(found);
  remember();
  answer = found;
  const shown = found.rows.length < found.count ? `, the first ${spell(found.rows.length)} of them shown` : "";
  const count = found.isCounted ? spell(found.count) : `more than ${spell(found.count)}`;
  const version = found.snapshot === null ? "" : ` as of snapshot ${found.snapshot}`;
  $("state").textContent = `${count} ${found.count === 1 ? "row" : "rows"}${shown}, in ${spell(found.ms)} ms${version}`;
  $("answer").hidden = false;
  $("starts").hidden = true;
  showGrid();
  offerAxes();
}

// Tell that something runs, for how long, and let it be cancelled.
async function wait(what, work) {
  leaving = new AbortController();
  asking = crypto.randomUUID?.() ?? String(Math.random());
  const began = performance.now();
  const tick = () => ($("state").textContent = `${what} … ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const clock = setInterval(tick, 100);
  $("problem").hidden = true;
  $("run").disabled = true;
  $("cancel").hidden = false;
  tick();
  try {
    return await work();
  } catch (error) {
    const isCancelled = error.name === "AbortError";
    tell({ error: isCancelled ? "the query was cancelled" : `the web server did not answer: ${error.message}`, isCancelled });
    return null;
  } finally {
    clearInterval(clock);
    asking = null;
    $("run").disabled = false;
    $("cancel").hidden = true;
  }
}

async function post(path, body) {
  const response = await fetch(root + path, { method: "POST", body, signal: leaving.signal });
  if (!response.ok && ![422, 429].includes(response.status)) throw new Error(`status ${response.status}`);
  return response;
}

function tell({ error, line, column, isCancelled }) {
  const place = line ? ` (line ${line}, column ${column})` : "";
  $("problem").textContent = error + place;
  $("problem").hidden = false;
  $("state").textContent = isCancelled ? "cancelled" : "no result";
  if (line && line <= editor.state.doc.lines) {
    const from = editor.state.doc.line(line).from;
    editor.dispatch({ selection: { anchor: Math.min(from + column - 1, editor.state.doc.length) } });
    editor.focus();
  }
}

const spell = (number) => number.toLocaleString("en-US");

function showGrid() {
  grid?.destroy();
  grid = new Tabulator("#grid", {
    data: answer.rows.map((row) => Object.fromEntries(row.map((value, place) => [`c${place}`, value]))),
    columns: answer.columns.map((column, place) => ({
      title: column.name,
      titleFormatter: plain,
      field: `c${place}`,
      headerTooltip: () => plain({ getValue: () => column.type }),
      hozAlign: column.isNumber ? "right" : "left",
      headerHozAlign: column.isNumber ? "right" : "left",
      formatter: plain,
      sorter: column.isNumber ? (a, b) => Number(a) - Number(b) : "string",
      maxInitialWidth: 420,
    })),
    layout: "fitData",
    height: Math.min(560, 60 + 29 * Math.max(answer.rows.length, 1)),
    placeholder: "The query has no rows.",
  });
}

// Text, never HTML, which the grid would make of values, names and types; null told apart from an empty text.
function plain(cell) {
  const value = cell.getValue();
  const element = document.createElement("span");
  element.textContent = value === null ? "null" : String(value);
  if (value === null) element.className = "muted";
  return element;
}

function offerAxes() {
  const numbers = answer.columns.filter((column) => column.isNumber);
  const fill = (id, columns, chosen) =>
    $(id).replaceChildren(
      ...columns.map((column) => new Option(column.name, answer.columns.indexOf(column), false, column === chosen)),
    );
  const other = answer.columns.find((column) => !column.isNumber) ?? answer.columns[0];
  fill("chart-x", answer.columns, other);
  fill("chart-y", numbers, numbers.find((column) => column !== other));
  $("as-chart").disabled = numbers.length === 0;
  choose(!$("chart").hidden && numbers.length > 0 ? "chart" : "grid");
}

function choose(what) {
  $("grid").hidden = what !== "grid";
  $("chart").hidden = what !== "chart";
  $("as-grid").setAttribute("aria-pressed", what === "grid");
  $("as-chart").setAttribute("aria-pressed", what === "chart");
  if (what === "chart") draw();
}

function draw() {
  const [x, y] = [Number($("chart-x").value), Number($("chart-y").value)];
  const isTime = /^(timestamp|date)/.test(answer.columns[x].type);
  const isLine = $("chart-kind").value === "line";
  const number = (value) => (value !== null && Number.isFinite(Number(value)) ? Number(value) : null); // nothing can be drawn at infinity
  const time = (value) => {
    const moment = new Date(`${value?.replace(" ", "T")}${value?.length > 10 ? "Z" : ""}`);
    return Number.isNaN(moment.getTime()) ? null : moment;
  };
  const across = isTime ? time : isLine && answer.columns[x].isNumber ? number : (value) => value;
  const rows = answer.rows.map((row) => ({ x: across(row[x]), y: number(row[y]) }));
  if (isLine) rows.sort((a, b) => (a.x < b.x ? -1 : a.x > b.x ? 1 : 0));
  const marks = isLine
    ? [Plot.lineY(rows, { x: "x", y: "y", stroke: "var(--accent)" }), Plot.dot(rows, { x: "x", y: "y", r: 2, fill: "var(--accent)" })]
    : [Plot.barY(rows, { x: "x", y: "y", fill: "var(--accent)", sort: isTime ? undefined : { x: "-y", limit: 60 } })];
  const names = answer.columns;
  const chart = Plot.plot({
    width: Math.max(500, $("answer").clientWidth),
    height: 380,
    marginLeft: 70,
    marginBottom: isLine || rows.length <= 8 ? 40 : 90,
    style: { background: "none", color: "var(--text)" },
    ariaLabel: `${names[y].name} by ${names[x].name}`,
    x: { type: isTime && isLine ? "utc" : undefined, label: names[x].name, tickRotate: isLine || rows.length <= 8 ? 0 : -40 },
    y: { label: names[y].name, grid: true },
    marks: [Plot.ruleY([0], { stroke: "var(--line)" }), ...marks],
  });
  $("plot").replaceChildren(chart);
}

function readHistory() {
  try {
    return JSON.parse(localStorage.getItem(storage) ?? "[]");
  } catch {
    return [];
  }
}

function remember() {
  const kept = [text(), ...readHistory().filter((query) => query !== text())].slice(0, KEPT);
  localStorage.setItem(storage, JSON.stringify(kept));
  showHistory();
}

function showHistory() {
  const options = readHistory().map((query) => new Option(query.replace(/\s+/g, " ").slice(0, 90), query));
  $("history").replaceChildren(new Option("–", ""), ...options);
}

async function save(format) {
  if (asking || !text().trim()) return;
  const found = await wait(`exporting ${format}`, async () => {
    const response = await post("/sql/export", form({ format }));
    if (!response.ok) return await response.json();
    const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition"))?.[1] ?? `export.${format}`;
    return { file: await response.blob(), name };
  });
  if (!found) return;
  if (found.error) return tell(found);
  // The frame may not download, the window around it may.
  const outer = window.parent;
  const address = outer.URL.createObjectURL(found.file);
  const anchor = Object.assign(outer.document.createElement("a"), { href: address, download: found.name });
  outer.document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => outer.URL.revokeObjectURL(address), 60_000);
  $("state").textContent = `saved ${found.name}, ${spell(found.file.size)} bytes`;
}

$("ask").addEventListener("submit", (event) => (event.preventDefault(), run()));
$("cancel").addEventListener("click", () => leaving.abort());
$("export-csv").addEventListener("click", () => save("csv"));
$("export-parquet").addEventListener("click", () => save("parquet"));
$("history").addEventListener("change", (event) => event.target.value && (write(event.target.value), editor.focus()));
$("as-grid").addEventListener("click", () => choose("grid"));
$("as-chart").addEventListener("click", () => choose("chart"));
for (const id of ["chart-kind", "chart-x", "chart-y"]) $(id).addEventListener("change", draw);
showHistory();
complete();
editor.focus();

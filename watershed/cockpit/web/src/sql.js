// The SQL page: a question, and what comes back as a grid, a chart or a file.
import { Address } from "./sql_address.js";
import { canDraw, clearChart, draw, offerAxes, paint } from "./sql_chart.js";
import { openEditor } from "./sql_editor.js";
import { clearGrid, isPlan, showGrid, spellPlan } from "./sql_grid.js";
import { fillHistory, fillNames, openKeeping, openShelves } from "./sql_shelf.js";
import "./sql.css";

const root = document.body.dataset.root;
const $ = (id) => document.getElementById(id);
const KEPT = 5; // answers that are shown again on the way back
let answer = null;
let asking = null;
let current = null; // the key of what was asked last, unless somebody has left it since
let leaving = new AbortController(); // the server ends a query that nobody waits for
const answers = new Map(); // by the key of their entry in the browser's history

const editor = openEditor($("editor"), $("query").value, run, () => changed());
const read = () => ({ query: editor.text(), snapshot: $("snapshot").value });
const address = new Address(read, revisit);
const isSame = (one, other) => one.query === other.query && one.snapshot === other.snapshot;
const spell = (number) => number.toLocaleString("en-US");

// Somebody came back to a question, or followed a link to one: it is shown, with its answer where that is still known.
function revisit(found, key) {
  current = null;
  leaving.abort();
  if (!isSame(found, read())) put(found);
  const known = answers.get(key);
  if (known) return show(known);
  clear();
  $("problem").hidden = true;
  $("state").textContent = "Run asks this question.";
}

function put({ query, snapshot }) {
  $("snapshot").value = snapshot;
  editor.write(query);
}

function changed() {
  address.noteSoon();
  $("link-box").hidden = true;
  if (answer) $("outdated").hidden = isSame(answer.asked, read());
}

async function run() {
  if (asking || !editor.text().trim()) return;
  const key = (current = crypto.randomUUID?.() ?? String(Math.random()));
  const asked = read();
  address.ask(key);
  const found = await wait("asking", async () => await (await post("/sql/run")).json());
  fillHistory();
  if (found.error) return current === key && tell(found);
  const known = { ...found, asked };
  answers.set(key, known);
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
  if (current === key) show(known);
}

function show(found) {
  answer = found;
  const shown = found.rows.length < found.count ? `, the first ${spell(found.rows.length)} of them shown` : "";
  const count = found.isCounted ? spell(found.count) : `more than ${spell(found.count)}`;
  const version = found.snapshot === null ? "" : ` as of snapshot ${found.snapshot}`;
  $("state").textContent = `${count} ${found.count === 1 ? "row" : "rows"}${shown}, in ${spell(found.ms)} ms${version}`;
  $("problem").hidden = true;
  $("answer").hidden = false;
  $("answer").classList.remove("waits");
  $("outdated").hidden = isSame(found.asked, read());
  $("plan").textContent = isPlan(found) ? spellPlan(found) : "";
  $("as-chart").disabled = !canDraw(found);
  if (canDraw(found)) offerAxes(found);
  choose(!$("chart").hidden && canDraw(found) ? "chart" : "grid");
}

// Nothing of an earlier answer stays beside an error.
function clear() {
  answer = null;
  clearGrid();
  clearChart();
  $("plan").textContent = "";
  $("answer").hidden = true;
  $("answer").classList.remove("waits");
}

function choose(what) {
  const isTree = isPlan(answer);
  $("grid").hidden = what !== "grid" || isTree;
  $("plan").hidden = what !== "grid" || !isTree;
  $("chart").hidden = what !== "chart";
  $("as-grid").setAttribute("aria-pressed", what === "grid");
  $("as-chart").setAttribute("aria-pressed", what === "chart");
  clearGrid();
  clearChart();
  if (what === "chart") draw(answer);
  else if (!isTree) showGrid(answer);
}

// Tell that something runs, for how long, and let it be cancelled. What cannot be asked is an answer with an error.
async function wait(what, work) {
  leaving = new AbortController();
  asking = crypto.randomUUID?.() ?? String(Math.random());
  const began = performance.now();
  const tick = () => ($("state").textContent = `${what} … ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const clock = setInterval(tick, 100);
  $("problem").hidden = true;
  $("answer").classList.add("waits");
  $("run").disabled = true;
  $("cancel").hidden = false;
  tick();
  try {
    return await work();
  } catch (error) {
    const isCancelled = error.name === "AbortError";
    return { error: isCancelled ? "the query was cancelled" : `the web server did not answer: ${error.message}`, isCancelled };
  } finally {
    clearInterval(clock);
    asking = null;
    $("answer").classList.remove("waits");
    $("run").disabled = false;
    $("cancel").hidden = true;
  }
}

async function post(path, extra = {}) {
  const body = new URLSearchParams({ ...read(), name: asking, ...extra });
  const response = await fetch(root + path, { method: "POST", body, signal: leaving.signal });
  if (!response.ok && ![422, 429].includes(response.status)) throw new Error(`status ${response.status}`);
  return response;
}

function tell({ error, line, column, isCancelled }) {
  clear();
  $("problem").textContent = error + (line ? ` (line ${line}, column ${column})` : "");
  $("problem").hidden = false;
  $("state").textContent = isCancelled ? "cancelled" : "no result";
  if (line) editor.point(line, column);
}

async function save(format) {
  if (asking || !editor.text().trim()) return;
  const found = await wait(`exporting ${format}`, async () => {
    const response = await post("/sql/export", { format });
    if (!response.ok) return await response.json();
    const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition"))?.[1] ?? `export.${format}`;
    return { file: await response.blob(), name };
  });
  fillHistory();
  if (found.error) return tell(found);
  download(found.file, found.name);
  $("state").textContent = `saved ${found.name}, ${spell(found.file.size)} bytes`;
}

async function savePicture() {
  const now = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  download(await paint(), `watershed-${now}.png`);
}

// The frame may not download, the window around it may.
function download(file, name) {
  const outer = window.parent;
  const href = outer.URL.createObjectURL(file);
  const anchor = Object.assign(outer.document.createElement("a"), { href, download: name });
  outer.document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => outer.URL.revokeObjectURL(href), 60_000);
}

async function copyLink() {
  address.note();
  const link = address.link;
  const long = link.length > 4000 ? `: it has ${spell(link.length)} characters, and some programs cut links as long; save and share the question instead` : "";
  try {
    await navigator.clipboard.writeText(link);
    $("state").textContent = `The link is copied${long}. Who opens it asks with their own rights.`;
  } catch {
    $("link-box").hidden = false;
    $("link").value = link;
    $("link").select();
    $("state").textContent = `Copy the link below${long}.`;
  }
}

function begin() {
  const linked = address.parse();
  if (linked) put(linked);
  else if (new URLSearchParams(location.search).has("query")) history.replaceState(null, "", address.spell());
  if (editor.text()) $("state").textContent = "Run asks this question: a link does not ask by itself.";
  localStorage.removeItem(`watershed-sql-${$("ask").dataset.user}`); // an earlier version's history
  openShelves();
  openKeeping(editor);
  fillNames(editor);
  editor.focus();
}

$("ask").addEventListener("submit", (event) => (event.preventDefault(), run()));
$("cancel").addEventListener("click", () => leaving.abort());
$("snapshot").addEventListener("input", changed);
$("copy-link").addEventListener("click", copyLink);
$("export-csv").addEventListener("click", () => save("csv"));
$("export-parquet").addEventListener("click", () => save("parquet"));
$("save-png").addEventListener("click", savePicture);
$("as-grid").addEventListener("click", () => choose("grid"));
$("as-chart").addEventListener("click", () => choose("chart"));
window.addEventListener("watershed:zone", () => answer && !$("chart").hidden && draw(answer));
for (const id of ["chart-kind", "chart-x", "chart-y", "chart-by"]) $(id).addEventListener("change", () => draw(answer));
begin();

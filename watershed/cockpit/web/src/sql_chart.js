// Charts of an answer. Texts of a query are texts in here, too; the picture has its legend in it, so that a file has all.
import * as Plot from "@observablehq/plot";
import { isTime, readPoints, spellTime } from "./sql_series.js";
import { findZone, makeSpeller } from "./viewer_zone.js";

// Each differs from white and from black by 3 to 1 at least.
const COLOURS = ["#2f7fd1", "#d9660a", "#2e9e5b", "#c2459b", "#8a6fd8", "#a67c00", "#d64545", "#1a919e", "#8f6a4f", "#7a828d"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const ROW = 20; // pixels of a row of the legend
const MOST_DOTS = 400;
const MOST_LABELS = 24;
const MOST_DAYS = 14; // that each have a label
const DAY = 86_400_000;
let zone = null; // in which moments are shown; null of days, which are nobody's
let spell = null;
const $ = (id) => document.getElementById(id);

export function canDraw({ columns, rows }) {
  return rows.length > 0 && columns.some((column) => column.isNumber);
}

// Fill the choices for an answer; what was chosen stays where the columns are the same.
export function offerAxes(answer) {
  const { columns, rows } = answer;
  const names = columns.map(({ name, type }) => `${name} ${type}`).join("\n");
  if ($("chart").dataset.names === names) return;
  $("chart").dataset.names = names;
  const places = columns.map((_, place) => place);
  const numbers = places.filter((place) => columns[place].isNumber);
  const x = places.find((place) => isTime(answer, place)) ?? places.find((place) => !columns[place].isNumber) ?? 0;
  const y = numbers.find((place) => place !== x) ?? numbers[0];
  const kinds = (place) => new Set(rows.map((row) => row[place])).size;
  const others = places.filter((place) => place !== x && !columns[place].isNumber && !isTime(answer, place));
  const by = others.length === 1 && kinds(x) < rows.length && kinds(others[0]) <= 10 ? others[0] : -1;
  const option = (chosen) => (place) => new Option(columns[place].name, place, false, place === chosen);
  $("chart-x").replaceChildren(...places.map(option(x)));
  $("chart-by").replaceChildren(new Option("–", -1), ...places.map(option(by)));
  $("chart-y").replaceChildren(...numbers.map((place) => offerNumber(columns[place].name, place, place === y)));
  $("chart-kind").value = isTime(answer, x) || columns[x].isNumber ? "line" : "bar";
}

function offerNumber(name, place, checked) {
  const label = document.createElement("label");
  label.append(Object.assign(document.createElement("input"), { type: "checkbox", name: "y", value: place, checked }), name);
  return label;
}

export function draw(answer) {
  const ys = [...$("chart-y").querySelectorAll(":checked")].map((box) => Number(box.value));
  const x = Number($("chart-x").value);
  const isBar = $("chart-kind").value === "bar";
  if (!ys.length) return tell(["Choose a column for y."]);
  const found = readPoints(answer, { x, ys, by: Number($("chart-by").value) }, isBar);
  if (!found.points.some((point) => point.y !== null)) return tell([...found.notes, "There is no value that can be drawn."]);
  const isTimes = found.kind === "time";
  zone = isTimes && found.xs.some((time) => time % DAY !== 0) ? findZone() : null;
  spell = zone && makeSpeller(zone);
  const about = { x: `${answer.columns[x].name}${isTimes ? ` (${zone ?? "UTC"})` : ""}`, y: ys.map((place) => answer.columns[place].name).join(", ") };
  $("save-png").disabled = false;
  $("plot").replaceChildren(plot(found, about, ys.length, isBar));
  $("chart-note").textContent = found.notes.join(" ");
}

function tell(notes) {
  clearChart();
  $("chart-note").textContent = notes.join(" ");
}

export function clearChart() {
  $("plot").replaceChildren();
  $("chart-note").textContent = "";
  $("save-png").disabled = true;
}

function plot(found, about, ys, isBar) {
  const width = Math.max(300, Math.min(1200, $("answer").clientWidth));
  const label = ys > 1 ? null : about.y; // of several the legend says which is which
  const legend = layOut(found.series, width, label === null ? 2 : 18);
  const isSlanted = isBar && found.xs.length > 8;
  const chart = Plot.plot({
    width,
    height: 380 + legend.rows * ROW,
    marginTop: 26 + legend.rows * ROW,
    marginLeft: 70,
    marginBottom: isSlanted ? 100 : 44,
    style: { background: "none", color: "var(--text)", fontFamily: "system-ui, sans-serif", fontSize: "12px", overflow: "visible" },
    color: { domain: found.series, range: COLOURS },
    y: { label, grid: true },
    ...(isBar ? spellBars(found, about) : spellLines(found, about)),
  });
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", `${isBar ? "Bars" : "Lines"}: ${about.y} by ${about.x}${found.series.length > 1 ? `; series ${found.series.join(", ")}` : ""}`);
  chart.append(...legend.marks);
  chart.querySelectorAll("g[aria-label]").forEach((mark) => mark.setAttribute("aria-hidden", "true")); // it is one picture
  return chart;
}

function spellLines({ kind, points, xs }, about) {
  const isTimes = kind === "time";
  const channels = { x: "x", y: "y", stroke: "series" };
  const there = points.filter((point) => point.y !== null);
  const marks = [Plot.ruleY([0], { stroke: "var(--line)" }), Plot.lineY(points, { ...channels, z: "series" })];
  if (there.length <= MOST_DOTS) marks.push(Plot.dot(there, { x: "x", y: "y", r: 2.5, fill: "series" }));
  marks.push(Plot.tip(there, Plot.pointer({ x: "x", y: "y", title: (point) => spellPoint(point, kind), fill: "var(--raised)", stroke: "var(--strong-line)" })));
  const x = { label: about.x };
  if (isTimes) Object.assign(x, { type: "utc", tickFormat: spellTick });
  if (isTimes && xs.length <= MOST_DAYS && xs.every((time) => time % DAY === 0)) x.ticks = xs.map((time) => new Date(time));
  if (kind === "name") Object.assign(x, { type: "point", domain: xs, ...thin(xs) });
  return { x, marks };
}

// Bars of one x stand side by side: a band for each series, and one that is empty.
function spellBars({ kind, points, series, xs }, about) {
  const name = (x) => (kind === "time" ? spellTime(readClock(x)) : String(x));
  const band = (x, place) => JSON.stringify([x, place]);
  const middle = Math.floor((series.length - 1) / 2);
  const ends = series.length > 1 ? series.length + 1 : 1;
  const domain = xs.flatMap((x) => Array.from({ length: ends }, (_, place) => band(x, place)));
  const every = Math.ceil(xs.length / MOST_LABELS);
  const bars = points.filter((point) => point.y !== null).map((point) => ({ ...point, band: band(point.x, series.indexOf(point.series)) }));
  const axis = { type: "band", label: about.x, domain, padding: 0.1, tickRotate: xs.length > 8 ? -40 : 0, tickSize: 0 };
  axis.ticks = xs.filter((_, place) => place % every === 0).map((x) => band(x, middle));
  axis.tickFormat = (own) => shorten(name(JSON.parse(own)[0]));
  const title = (point) => spellPoint(point, kind);
  return { x: axis, marks: [Plot.barY(bars, { x: "band", y: "y", fill: "series", title }), Plot.ruleY([0], { stroke: "var(--line)" })] };
}

const shorten = (name) => (name.length > 18 ? `${name.slice(0, 17)}…` : name);

// Labels of some of many names, cut where they are long.
function thin(names) {
  const every = Math.ceil(names.length / MOST_LABELS);
  return { ticks: names.filter((_, place) => place % every === 0), tickFormat: shorten };
}

const spellPoint = ({ x, said, series }, kind) => `${series}\n${kind === "time" ? spellMoment(x) : x}\n${said}`;
const spellMoment = (time) => (zone ? `${spellTime(readClock(time))} ${spell(time).offset}, ${spellTime(time)} UTC` : spellTime(time));

// What a clock in the zone shows at a moment, as if it were UTC.
function readClock(time) {
  if (!zone) return time;
  const { day, minute, second } = spell(time);
  return Date.parse(`${day}T${minute}:${second}Z`) || time; // years of five digits stay in UTC
}

// 24 hours; the day where one begins, the year where one does, both at the first.
function spellTick(moment, place) {
  const date = new Date(readClock(Number(moment)));
  const [year, month, day] = [date.getUTCFullYear(), MONTHS[date.getUTCMonth()], date.getUTCDate()];
  const clock = date.toISOString().slice(-13, date.getUTCSeconds() ? -5 : -8);
  const isMidnight = date % DAY === 0;
  if (!isMidnight) return place ? clock : `${clock}\n${day} ${month} ${year}`;
  const isNewYear = day === 1 && date.getUTCMonth() === 0;
  return place === 0 || isNewYear ? `${day} ${month}\n${year}` : `${day} ${month}`;
}

// The legend as marks of the picture itself, in as many rows as it takes. One series alone has its name at the axis.
function layOut(series, width, top) {
  if (series.length < 2) return { rows: 0, marks: [] };
  let [left, row] = [0, 0];
  const marks = series.map((name, place) => {
    const shown = name.length > 40 ? `${name.slice(0, 39)}…` : name;
    const wide = 34 + shown.length * 7.5;
    if (left && left + wide > width) [left, row] = [0, row + 1];
    const group = makeMark("g", { transform: `translate(${left},${row * ROW + top})`, class: "key" });
    group.append(makeMark("rect", { width: 12, height: 12, rx: 2, fill: COLOURS[place] }));
    group.append(Object.assign(makeMark("text", { x: 17, y: 10, fill: "currentColor", "text-anchor": "start" }), { textContent: shown }));
    left += wide;
    return group;
  });
  return { rows: row + 1, marks };
}

function makeMark(tag, attributes) {
  const mark = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) mark.setAttribute(name, value);
  return mark;
}

// The chart as a picture, twice as large, in the colours that the page has now.
export async function paint() {
  const drawn = $("plot").querySelector("svg");
  const style = getComputedStyle(document.documentElement);
  const copy = drawn.cloneNode(true);
  copy.querySelectorAll("[aria-label=tip]").forEach((tip) => tip.remove());
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.style.color = style.getPropertyValue("--text");
  const [width, height] = [drawn.width.baseVal.value, drawn.height.baseVal.value];
  const text = new XMLSerializer().serializeToString(copy).replace(/var\((--[\w-]+)\)/g, (found, name) => style.getPropertyValue(name).trim() || found);
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: (width + 24) * 2, height: (height + 24) * 2 });
    const pen = canvas.getContext("2d");
    pen.scale(2, 2);
    pen.fillStyle = style.getPropertyValue("--ground");
    pen.fillRect(0, 0, width + 24, height + 24);
    pen.drawImage(image, 12, 12, width, height);
    return await new Promise((done) => canvas.toBlob(done, "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}

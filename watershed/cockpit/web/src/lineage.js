// The lineage page: dagre places the nodes, this draws them as links, to be zoomed and moved.
import dagre from "@dagrejs/dagre";
import "./lineage.css";

const SVG = "http://www.w3.org/2000/svg";
const { nodes, edges, links, column: chosenColumn } = JSON.parse(document.getElementById("graph").textContent);
const frame = document.getElementById("drawing");
const root = document.body.dataset.root;
const HEIGHT = 30;
const ROW = 20; // px of a column in a table
const LETTER = 7.3; // px of one in the monospaced face

const make = (name, attributes, ...children) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

const graph = new dagre.graphlib.Graph();
graph.setGraph({ rankdir: "LR", nodesep: 12, ranksep: 70, marginx: 20, marginy: 20 });
graph.setDefaultEdgeLabel(() => ({}));
for (const node of nodes) {
  const letters = Math.max(node.id.length, ...node.columns.map((name) => name.length));
  graph.setNode(node.id, { ...node, width: 44 + LETTER * letters, height: HEIGHT + ROW * node.columns.length });
}
for (const [from, to] of edges) graph.setEdge(from, to);
dagre.layout(graph);

// A column is known by its table and its name. Steps between columns are drawn in place of the one between the tables.
const spellPlace = (table, column) => `${table}.${column}`;
const joined = new Set(links.map(([table, , other]) => `${table} ${other}`));
const paths = edges.map(([from, to]) => {
  const points = graph.edge(from, to).points;
  const [first, ...rest] = points;
  // Smooth: through the middles of the stretches.
  const middle = (a, b) => `${(a.x + b.x) / 2} ${(a.y + b.y) / 2}`;
  const bends = rest.slice(0, -1).map((point, place) => `Q ${point.x} ${point.y} ${middle(point, rest[place + 1])}`);
  const last = points.at(-1);
  const path = make("path", { class: "edge", d: `M ${first.x} ${first.y} ${bends.join(" ")} L ${last.x} ${last.y}`, "marker-end": "url(#arrow)" });
  if (joined.has(`${from} ${to}`)) path.classList.add("behind");
  return { from, to, path };
});

const findRow = (table, column) => {
  const { x, y, width, height, columns } = graph.node(table);
  const place = columns.indexOf(column); // of raw objects none is drawn
  const down = place < 0 ? height / 2 : HEIGHT + ROW * (place + 0.5);
  return { left: x - width / 2, right: x + width / 2, middle: y - height / 2 + down };
};
const steps = links.map(([table, column, other, name, how]) => {
  const [start, end] = [findRow(table, column), findRow(other, name)];
  const bend = Math.max(30, Math.abs(end.left - start.right) / 2);
  const d = `M ${start.right} ${start.middle} C ${start.right + bend} ${start.middle} ${end.left - bend} ${end.middle} ${end.left} ${end.middle}`;
  const path = make("path", { class: `edge step ${how.split(" ")[0]}`, d, "marker-end": "url(#arrow)" }, make("title", {}, `${spellPlace(other, name)} has ${spellPlace(table, column)} ${how}`));
  return { from: spellPlace(table, column), to: spellPlace(other, name), path };
});

const drawn = nodes.map((one) => {
  const { x, y, width, height } = graph.node(one.id);
  const at = `translate(${x - width / 2} ${y - height / 2})`;
  const parts = [
    make("title", {}, `${one.id}: ${one.kind}${one.state ? `, ${one.state}` : ""}. ${one.about}`),
    make("rect", { class: "box", width, height }),
    make("rect", { class: `band ${one.kind}`, x: 6, y: 7, width: 5, height: HEIGHT - 14 }),
    make("text", { x: 19, y: HEIGHT / 2 + 4 }, one.id),
  ];
  if (one.state) parts.push(make("circle", { class: `mark ${one.state}`, cx: width - 12, cy: HEIGHT / 2, r: 4 }));
  const link = make("a", {
    class: `node ${one.kind} ${one.role}`,
    href: `${root}/lineage?of=${encodeURIComponent(one.id)}`,
    transform: at,
    "aria-label": `${one.id}, ${one.kind}${one.state ? `, ${one.state}` : ""}`,
    "data-address": one.id,
  }, ...parts);
  const rows = one.columns.map((name, place) => {
    const own = one.role && name === chosenColumn ? "chosen" : "";
    const row = make("a", {
      class: `column ${own}`,
      href: `${root}/lineage?of=${encodeURIComponent(spellPlace(one.id, name))}`,
      transform: `translate(${x - width / 2} ${y - height / 2 + HEIGHT + ROW * place})`,
      "aria-label": `column ${name} of ${one.id}`,
      "data-column": spellPlace(one.id, name),
    }, make("rect", { x: 1, width: width - 2, height: ROW - 1 }), make("text", { x: 19, y: ROW / 2 + 4 }, name));
    return { id: spellPlace(one.id, name), table: one.id, link: row };
  });
  return { id: one.id, link, rows };
});
const columns = drawn.flatMap((node) => node.rows);

const arrow = make("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
  make("path", { d: "M0 0 L8 4 L0 8 z", fill: "var(--strong-line)" }));
const boxes = drawn.flatMap((node) => [node.link, ...node.rows.map((row) => row.link)]);
const layer = make("g", {}, ...paths.map((edge) => edge.path), ...boxes, ...steps.map((step) => step.path));
const picture = make("svg", { role: "group", "aria-label": `${nodes.length} tables, ${columns.length} columns` }, make("defs", {}, arrow), layer);
frame.replaceChildren(picture);

// Where the drawing is in its frame.
const view = { x: 0, y: 0, scale: 1 };
function show() {
  layer.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
  frame.style.touchAction = view.scale > fitting ? "none" : "pan-y"; // a finger scrolls the page until something is near
}
let fitting = 1; // the scale at which all of it is seen
function fit() {
  const { width, height } = graph.graph();
  view.scale = fitting = Math.min(1.25, frame.clientWidth / width, frame.clientHeight / height);
  view.x = (frame.clientWidth - width * view.scale) / 2;
  view.y = (frame.clientHeight - height * view.scale) / 2;
  show();
}
function zoom(factor, x = frame.clientWidth / 2, y = frame.clientHeight / 2) {
  const scale = Math.min(3, Math.max(0.1, view.scale * factor));
  view.x = x - ((x - view.x) * scale) / view.scale;
  view.y = y - ((y - view.y) * scale) / view.scale;
  view.scale = scale;
  show();
}
// As high as the drawing needs at full width, within reason; anew whenever the window gets another width.
function settle() {
  const needed = graph.graph().height * Math.min(1.25, frame.clientWidth / graph.graph().width);
  frame.style.height = `${Math.max(180, Math.min(0.62 * window.innerHeight, needed))}px`;
  fit();
}
settle();
let settled = frame.clientWidth;
new ResizeObserver(() => frame.clientWidth !== settled && ((settled = frame.clientWidth), settle())).observe(frame);
document.getElementById("fit").addEventListener("click", fit);
document.getElementById("nearer").addEventListener("click", () => zoom(1.3));
document.getElementById("farther").addEventListener("click", () => zoom(1 / 1.3));
frame.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return; // a page that scrolls goes on scrolling
  event.preventDefault();
  zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1, event.offsetX, event.offsetY);
}, { passive: false });
frame.addEventListener("keydown", (event) => {
  const move = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
  if (event.key === "+") zoom(1.3);
  else if (event.key === "-") zoom(1 / 1.3);
  else if (move) [view.x, view.y] = [view.x + move[0], view.y + move[1]];
  else return;
  event.preventDefault();
  show();
});
let held = null;
let moved = false;
frame.addEventListener("pointerdown", (event) => ((held = { x: event.clientX - view.x, y: event.clientY - view.y }), (moved = false)));
window.addEventListener("pointermove", (event) => {
  if (!held) return;
  const [x, y] = [event.clientX - held.x, event.clientY - held.y];
  if (Math.abs(x - view.x) + Math.abs(y - view.y) > 4) moved = true;
  if (!moved) return;
  [view.x, view.y] = [x, y];
  frame.classList.add("held");
  show();
});
for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => ((held = null), frame.classList.remove("held")));
picture.addEventListener("click", (event) => moved && event.preventDefault());
picture.addEventListener("dragstart", (event) => event.preventDefault());

// What a table or column is made of and what depends on it lights up when it is pointed at or has the focus.
function walk(start, lines, lit) {
  for (const [near, far] of [["from", "to"], ["to", "from"]]) {
    const seen = new Set([start]);
    const ring = [start];
    while (ring.length) {
      const at = ring.pop();
      for (const line of lines) {
        if (line[near] !== at) continue;
        line.path.classList.add("lit");
        if (!seen.has(line[far])) ring.push(line[far]);
        seen.add(line[far]);
      }
    }
    for (const one of seen) lit.add(one);
  }
  return lit;
}
function light(id, table) {
  const lit = walk(id, table ? steps : paths, new Set());
  if (table) for (const one of [...lit]) lit.add(findTable(one));
  if (!table) for (const step of steps) if (lit.has(findTable(step.from)) && lit.has(findTable(step.to))) step.path.classList.add("lit");
  for (const one of drawn) one.link.classList.toggle("dim", !lit.has(one.id));
  for (const one of columns) one.link.classList.toggle("dim", table ? !lit.has(one.id) : !lit.has(one.table));
  for (const line of [...paths, ...steps]) line.path.classList.toggle("dim", !line.path.classList.contains("lit"));
}
const findTable = (place) => place.slice(0, place.lastIndexOf("."));
function unlight() {
  for (const one of [...drawn, ...columns]) one.link.classList.remove("dim");
  for (const line of [...paths, ...steps]) line.path.classList.remove("dim", "lit");
}
for (const one of [...drawn, ...columns]) {
  one.link.addEventListener("pointerenter", () => light(one.id, one.table));
  one.link.addEventListener("focus", () => light(one.id, one.table));
  one.link.addEventListener("pointerleave", unlight);
  one.link.addEventListener("blur", unlight);
}

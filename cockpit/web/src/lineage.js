// The lineage page: dagre places the nodes, this draws them as links, to be zoomed and moved.
import dagre from "@dagrejs/dagre";
import "./lineage.css";

const SVG = "http://www.w3.org/2000/svg";
const { nodes, edges } = JSON.parse(document.getElementById("graph").textContent);
const frame = document.getElementById("drawing");
const root = document.body.dataset.root;
const HEIGHT = 30;
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
for (const node of nodes) graph.setNode(node.id, { ...node, width: 44 + LETTER * node.id.length, height: HEIGHT });
for (const [from, to] of edges) graph.setEdge(from, to);
dagre.layout(graph);

const paths = edges.map(([from, to]) => {
  const points = graph.edge(from, to).points;
  const [first, ...rest] = points;
  // Smooth: through the middles of the stretches.
  const middle = (a, b) => `${(a.x + b.x) / 2} ${(a.y + b.y) / 2}`;
  const bends = rest.slice(0, -1).map((point, place) => `Q ${point.x} ${point.y} ${middle(point, rest[place + 1])}`);
  const last = points.at(-1);
  const path = make("path", { class: "edge", d: `M ${first.x} ${first.y} ${bends.join(" ")} L ${last.x} ${last.y}`, "marker-end": "url(#arrow)" });
  return { from, to, path };
});

const drawn = nodes.map((one) => {
  const { x, y, width } = graph.node(one.id);
  const parts = [
    make("title", {}, `${one.id}: ${one.kind}${one.state ? `, ${one.state}` : ""}. ${one.about}`),
    make("rect", { class: "box", width, height: HEIGHT }),
    make("rect", { class: `band ${one.kind}`, x: 6, y: 7, width: 5, height: HEIGHT - 14 }),
    make("text", { x: 19, y: HEIGHT / 2 + 4 }, one.id),
  ];
  if (one.state) parts.push(make("circle", { class: `mark ${one.state}`, cx: width - 12, cy: HEIGHT / 2, r: 4 }));
  const link = make("a", {
    class: `node ${one.kind} ${one.role}`,
    href: `${root}/lineage?of=${encodeURIComponent(one.id)}`,
    transform: `translate(${x - width / 2} ${y - HEIGHT / 2})`,
    "aria-label": `${one.id}, ${one.kind}${one.state ? `, ${one.state}` : ""}`,
    "data-address": one.id,
  }, ...parts);
  return { id: one.id, link };
});

const arrow = make("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
  make("path", { d: "M0 0 L8 4 L0 8 z", fill: "var(--strong-line)" }));
const layer = make("g", {}, ...paths.map((edge) => edge.path), ...drawn.map((node) => node.link));
const picture = make("svg", { role: "group", "aria-label": `${nodes.length} nodes` }, make("defs", {}, arrow), layer);
frame.replaceChildren(picture);

// Where the drawing is in its frame.
const view = { x: 0, y: 0, scale: 1 };
const show = () => layer.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
function fit() {
  const { width, height } = graph.graph();
  view.scale = Math.min(1.25, frame.clientWidth / width, frame.clientHeight / height);
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
// As high as the drawing needs at full width, within reason.
const needed = graph.graph().height * Math.min(1.25, frame.clientWidth / graph.graph().width);
frame.style.height = `${Math.max(180, Math.min(0.62 * window.innerHeight, needed))}px`;
fit();
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
window.addEventListener("pointerup", () => ((held = null), frame.classList.remove("held")));
picture.addEventListener("click", (event) => moved && event.preventDefault());
picture.addEventListener("dragstart", (event) => event.preventDefault());

// What a node is made of and what depends on it lights up when it is pointed at or has the focus.
function light(id) {
  const lit = new Set([id]);
  const walk = (start, near, far) => {
    const ring = [start];
    while (ring.length) {
      const at = ring.pop();
      for (const edge of paths) {
        if (edge[near] !== at) continue;
        edge.path.classList.add("lit");
        if (!lit.has(edge[far])) ring.push(edge[far]);
        lit.add(edge[far]);
      }
    }
  };
  walk(id, "from", "to");
  walk(id, "to", "from");
  for (const node of drawn) node.link.classList.toggle("dim", !lit.has(node.id));
  for (const edge of paths) edge.path.classList.toggle("dim", !edge.path.classList.contains("lit"));
}
function unlight() {
  for (const node of drawn) node.link.classList.remove("dim");
  for (const edge of paths) edge.path.classList.remove("dim", "lit");
}
for (const node of drawn) {
  node.link.addEventListener("pointerenter", () => light(node.id));
  node.link.addEventListener("focus", () => light(node.id));
  node.link.addEventListener("pointerleave", unlight);
  node.link.addEventListener("blur", unlight);
}

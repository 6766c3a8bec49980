// Moments in the time zone that the viewer has chosen in Airflow, which keeps it in the browser; who has chosen none sees
// the browser's own zone, as in Airflow. Pages spell UTC; what they show is `<time datetime>`, and `[data-zone]` names the
// zone: as text, or as the value of a field; `[data-elsewhere]` is for who is not in UTC. Loaded before anything is painted.
import { KEPT, findZone, makeSpeller } from "./viewer_zone.js";

let zone = findZone();
let spell = makeSpeller(zone);

const FORMS = {
  minute: ({ day, minute, offset }) => `${day} ${minute} ${offset}`,
  clock: ({ day, minute, offset }) => `${day === spell(new Date()).day ? "" : `${day} `}${minute} ${offset}`,
  second: ({ day, minute, second, offset }) => `${day} ${minute}:${second} ${offset}`,
};

function show(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const form = element.dataset.form ?? "second";
  const spelled = (FORMS[form] ?? FORMS.second)(spell(moment));
  if (form === "ago") element.title = [spelled, (element.dataset.utc ??= element.title)].slice(zone === "UTC").join(", ");
  else if (element.textContent !== spelled) element.textContent = spelled;
}

function tell(element) {
  if (element.matches("input")) element.value = zone;
  else if (element.textContent !== zone) element.textContent = zone;
}

function showAll(root) {
  if (root.matches("time[datetime]")) show(root);
  root.querySelectorAll("time[datetime]").forEach(show);
  root.querySelectorAll("[data-zone]").forEach(tell);
  root.querySelectorAll("[data-elsewhere]").forEach((element) => (element.hidden = zone === "UTC"));
}

// Whatever comes into the page, with it or later.
new MutationObserver((changes) => {
  for (const { target, addedNodes } of changes) {
    if (target.matches("time[datetime]")) show(target);
    for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) showAll(node);
  }
}).observe(document.documentElement, { childList: true, subtree: true });
document.addEventListener("DOMContentLoaded", () => showAll(document.documentElement));

// The choice is made in Airflow's window, around this one or beside it.
window.addEventListener("storage", (event) => {
  if (event.key !== KEPT && event.key !== null) return;
  zone = findZone();
  spell = makeSpeller(zone);
  showAll(document.documentElement);
  window.dispatchEvent(new Event("watershed:zone"));
});

// What htmx replaces may hold the focus, or have something open: both are found again in what takes its place. Those who
// listen are told one sentence of it, not all: an element with `data-tell`.
const kept = new WeakMap(); // by request

export function keepPlaces() {
  document.addEventListener("htmx:beforeSwap", ({ detail: { xhr, target } }) => kept.set(xhr, remember(target)));
  document.addEventListener("htmx:afterSettle", ({ detail: { xhr, target } }) => {
    const root = (target.id && document.getElementById(target.id)) || target;
    if (root.isConnected) restore(root, kept.get(xhr) ?? {});
    kept.delete(xhr);
  });
}

function remember(target) {
  const { activeElement: active } = document;
  return {
    open: [...target.querySelectorAll("details[open]")].map((one) => place(target, one)),
    focus: target.contains(active) && place(target, active),
  };
}

function restore(root, { open = [], focus }) {
  for (const one of open) find(root, one)?.setAttribute("open", "");
  if (focus && !root.contains(document.activeElement)) {
    const next = find(root, focus) ?? root;
    if (next === root) root.tabIndex = -1;
    next.focus({ preventScroll: true });
  }
  const said = root.closest("[data-tell]") ?? root.querySelector("[data-tell]");
  const told = document.getElementById("told");
  if (said && told.textContent !== said.dataset.tell) told.textContent = said.dataset.tell;
}

// What an element is, as far as one that takes its place would be the same, and which of those.
const describe = (one) => JSON.stringify([one.id, one.tagName, one.name, one.getAttribute("href"), (one.querySelector("summary") ?? one).textContent.trim().slice(0, 80)]);
const alike = (root, what) => [...root.querySelectorAll("*")].filter((one) => one.matches("a, button, input, select, textarea, summary, details, [tabindex]") && describe(one) === what);

function place(root, one) {
  const what = describe(one);
  return { what, number: alike(root, what).indexOf(one) };
}

const find = (root, { what, number }) => alike(root, what).at(Math.max(number, 0));

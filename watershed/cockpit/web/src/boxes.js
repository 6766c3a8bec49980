// Boxes that scroll by themselves, wide tables and long code: one whose content does not fit is a stop of the Tab key,
// has the name of what is in it, and fades where there is more.
const BOXES = ".wide, pre.code:not([data-stop])";
const sizes = new ResizeObserver((entries) => new Set(entries.map((entry) => entry.target.closest(BOXES)).filter(Boolean)).forEach(fit));

const watched = new WeakSet();

export function watchBoxes() {
  document.addEventListener("htmx:load", (event) => watch(event.detail.elt.parentElement ?? event.detail.elt));
  watch(document);
}

function watch(root) {
  for (const box of root.querySelectorAll(BOXES)) {
    if (watched.has(box)) continue;
    watched.add(box);
    for (const one of [box, ...box.children]) sizes.observe(one);
    box.addEventListener("scroll", () => fade(box), { passive: true });
    fit(box); // at once: it may get back the focus that the one before had
  }
}

function fit(box) {
  const isStop = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
  const told = isStop ? { tabindex: "0", role: "group", "aria-label": findName(box) } : {};
  for (const name of ["tabindex", "role", "aria-label"]) {
    if (name in told) box.setAttribute(name, told[name]);
    else box.removeAttribute(name);
  }
  fade(box);
}

function fade(box) {
  box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
}

function findName(box) {
  const told = box.querySelector("caption") ?? box.closest("details")?.querySelector("summary");
  return told?.textContent.trim().replace(/\s+/g, " ") || "Code";
}

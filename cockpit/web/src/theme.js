// Light or dark, as Airflow's window around the frame; alone in a window, as the system prefers. Loaded before anything
// is painted, so that nobody sees the other one flash.
const own = document.documentElement;

if (window.parent === window) {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => own.classList.toggle("dark", system.matches);
  system.addEventListener("change", apply);
  apply();
} else {
  const outer = window.parent.document.documentElement;
  const apply = () => own.classList.toggle("dark", outer.classList.contains("dark") || outer.dataset.theme === "dark");
  new MutationObserver(apply).observe(outer, { attributes: true, attributeFilter: ["class", "data-theme"] });
  apply();
}

// Light or dark, as Airflow's window around the frame; alone in a window as was chosen in Airflow, which keeps it in the
// browser, else as the system prefers. Loaded before anything is painted, so that nobody sees the other one flash.
const own = document.documentElement;

if (window.parent === window) {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => own.classList.toggle("dark", { dark: true, light: false }[readChoice()] ?? system.matches);
  system.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  apply();
} else {
  const outer = window.parent.document.documentElement;
  const apply = () => own.classList.toggle("dark", outer.classList.contains("dark") || outer.dataset.theme === "dark");
  new MutationObserver(apply).observe(outer, { attributes: true, attributeFilter: ["class", "data-theme"] });
  apply();
}

function readChoice() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null; // this browser keeps nothing
  }
}

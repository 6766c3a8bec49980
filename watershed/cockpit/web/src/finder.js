// Ctrl-K (on a Mac Command-K) opens the finder on every page. It is a dialog of the browser, which keeps the focus inside,
// closes with Esc and gives the focus back. What is found are links: arrow keys go through them.
export function openFinder() {
  const finder = document.getElementById("finder");
  const field = finder.querySelector("input");
  const open = (event) => {
    event.preventDefault();
    if (finder.open) return;
    finder.showModal();
    field.select();
    if (!document.getElementById("hits").childElementCount) window.htmx.trigger(field, "input");
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") open(event);
  });
  document.addEventListener("click", (event) => event.target.closest("[data-find]") && open(event));
  finder.addEventListener("click", (event) => {
    if (event.target === finder || event.target.closest("a")) finder.close();
  });
  finder.addEventListener("keydown", (event) => {
    const stops = [field, ...finder.querySelectorAll(".hits a")];
    const at = stops.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (event.key === "Enter" && at === 0) stops[1]?.click();
    else if (next !== undefined) stops[Math.max(0, Math.min(next, stops.length - 1))].focus();
    else return;
    event.preventDefault();
  });
}

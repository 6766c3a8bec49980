// Every page: htmx, and light or dark as the window around the frame.
import htmx from "htmx.org";

window.htmx = htmx;
// The frame may not navigate Airflow's window or load code from text.
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;

function followTheme() {
  const outer = (window.parent === window ? document : window.parent.document).documentElement;
  const isDark = () => outer.classList.contains("dark") || outer.dataset.theme === "dark";
  const apply = () => document.documentElement.classList.toggle("dark", isDark());
  if (outer !== document.documentElement) {
    apply();
    new MutationObserver(apply).observe(outer, { attributes: true });
  }
}
followTheme();

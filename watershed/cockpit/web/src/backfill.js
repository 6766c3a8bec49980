// Many days of a table built again: days are chosen in its calendar, their runs handed to Airflow, where they wait, and
// followed until all have ended. The runs of one backfill have names that begin alike, so that any page finds them again.
import { announce, call } from "./airflow.js";

const PAUSE_MS = 2500;
const NAMED = "rebuild__"; // Airflow keeps `backfill__` for its own
const ENDED = ["success", "failed"];
const STATES = [...ENDED, "running", "queued"];
const chosen = new Set();
let last = null; // the day that was chosen last: a range begins there

const listDays = () => [...document.querySelectorAll("a.day[data-day]")];
const isChoosing = () => document.querySelector("[data-choose=days]")?.getAttribute("aria-pressed") === "true";

export function chooseDays() {
  if (!document.querySelector("[data-choose]")) return;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (button) press(button);
    const day = event.target.closest("a.day[data-day]");
    if (!day || !isChoosing()) return;
    event.preventDefault();
    choose(day, event.shiftKey);
  });
  document.addEventListener("keydown", (event) => {
    const day = event.target.closest?.("a.day[data-day]");
    if (!day || !isChoosing()) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (step) findNear(day, step)?.focus();
    else if (event.key === " ") choose(day, event.shiftKey);
    else return;
    event.preventDefault();
  });
  document.addEventListener("htmx:load", mark); // the calendar may have been replaced
  mark();
}

// The day so many days further; in the same direction the next that there is.
function findNear(day, step) {
  const wanted = new Date(Date.parse(day.dataset.day) + step * 86400000).toISOString().slice(0, 10);
  const days = listDays().sort((a, b) => a.dataset.day.localeCompare(b.dataset.day));
  return step > 0 ? days.find((one) => one.dataset.day >= wanted) : days.findLast((one) => one.dataset.day <= wanted);
}

function press(button) {
  if (button.dataset.choose === "days") button.setAttribute("aria-pressed", String(!isChoosing()));
  else {
    chosen.clear();
    for (const day of button.dataset.choose.split(",").filter(Boolean)) chosen.add(day);
    if (chosen.size) document.querySelector("[data-choose=days]").setAttribute("aria-pressed", "true");
  }
  mark();
}

function choose(day, isRange) {
  const [first, end] = [last ?? day.dataset.day, day.dataset.day].sort();
  if (isRange) for (const one of listDays()) if (first <= one.dataset.day && one.dataset.day <= end) chosen.add(one.dataset.day);
  if (!isRange && !chosen.delete(day.dataset.day)) chosen.add(day.dataset.day);
  last = day.dataset.day;
  mark();
}

function mark() {
  const form = document.getElementById("choosing");
  if (!form) return;
  const on = isChoosing();
  for (const day of listDays()) {
    if (on) day.setAttribute("role", "checkbox");
    else day.removeAttribute("role");
    if (on) day.setAttribute("aria-checked", String(chosen.has(day.dataset.day)));
    else day.removeAttribute("aria-checked");
  }
  form.elements.days.value = [...chosen].sort().join(",");
  form.querySelector("output").textContent = `${chosen.size} day${chosen.size === 1 ? "" : "s"} chosen`;
  form.querySelector("button.primary").disabled = !chosen.size;
}

export function followBackfills() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-backfill-start]");
    if (button && !isBusy(button)) start(button.closest("[data-backfill]"), button);
  });
  for (const place of document.querySelectorAll("[data-backfills]")) resume(place);
}

// Disabled, it would lose the focus.
const isBusy = (button) => button.getAttribute("aria-disabled") === "true";

async function start(card, button) {
  button.setAttribute("aria-disabled", "true");
  const runs = JSON.parse(card.dataset.runs);
  if (card.querySelector("select").value === "down") runs.reverse();
  const prefix = `${NAMED}${card.dataset.backfill}__${new Date().toISOString().slice(0, 19)}__`;
  const tell = makeProgress(card);
  try {
    for (const [place, run] of runs.entries()) {
      tell({ text: `handing over ${place + 1} of ${runs.length}` });
      const body = { dag_run_id: `${prefix}${run.key || "arrived"}`, logical_date: null, conf: run.conf, partition_key: run.key || null };
      await call(`/dags/${encodeURIComponent(run.dag)}/dagRuns`, { method: "POST", body: JSON.stringify(body) });
    }
    await follow([...new Set(runs.map((run) => run.dag))], prefix, tell, card);
  } catch (error) {
    tell({ text: error.message, state: "bad" });
    button.removeAttribute("aria-disabled");
  }
}

// A backfill of this table that somebody has started and that goes on.
async function resume(place) {
  for (const dag of place.dataset.dags.split(",").filter(Boolean)) {
    const { dag_runs: found } = await list(dag, `${NAMED}${place.dataset.backfills}__`, ["running", "queued"], 1).catch(() => ({ dag_runs: [] }));
    if (!found.length) continue;
    const prefix = found[0].dag_run_id.replace(/[^_]*$/, "");
    place.hidden = false;
    await follow(place.dataset.dags.split(","), prefix, makeProgress(place), place).catch(() => {});
  }
}

const list = (dag, prefix, states, limit) =>
  call(`/dags/${encodeURIComponent(dag)}/dagRuns?run_id_pattern=${encodeURIComponent(`${prefix}%`)}&limit=${limit}&${states.map((state) => `state=${state}`).join("&")}`);

async function follow(dags, prefix, tell, place) {
  const cancel = async () => {
    for (const dag of dags) {
      for (;;) {
        const { dag_runs: open } = await list(dag, prefix, ["queued", "running"], 100);
        if (!open.length) break;
        for (const run of open) {
          const path = `/dags/${encodeURIComponent(dag)}/dagRuns/${encodeURIComponent(run.dag_run_id)}`;
          await call(path, { method: "PATCH", body: JSON.stringify({ state: "failed", note: "The backfill was cancelled" }) });
        }
      }
    }
  };
  for (;;) {
    const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
    for (const dag of dags) {
      for (const state of STATES) counts[state] += (await list(dag, prefix, [state], 1)).total_entries;
    }
    const done = counts.success + counts.failed;
    const all = done + counts.running + counts.queued;
    const text = `${done} of ${all} done${counts.failed ? `, ${counts.failed} failed or cancelled` : ""}${counts.running ? `, ${counts.running} running` : ""}`;
    const isOver = done === all;
    tell({ text, done, all, state: isOver ? (counts.failed ? "bad" : "good") : "busy", cancel: isOver ? null : cancel, dags });
    if (isOver) return announce(place, "ended", {});
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

// A bar, a sentence and a button that cancels, below the others of the card.
function makeProgress(card) {
  let place = card.querySelector(".progress");
  if (!place) {
    place = Object.assign(document.createElement("div"), { className: "progress row" });
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    bar.setAttribute("aria-label", "Runs that have ended");
    const said = Object.assign(document.createElement("span"), { className: "run busy" });
    said.setAttribute("role", "status");
    place.append(bar, said, Object.assign(document.createElement("button"), { type: "button", textContent: "Cancel what has not ended", hidden: true }));
    card.append(place);
  }
  const [bar, said, button] = place.children;
  return ({ text, done = 0, all = 1, state = "busy", cancel = null, dags = [] }) => {
    Object.assign(bar, { max: all, value: done });
    said.className = `run ${state}`;
    if (said.dataset.text !== text) {
      said.dataset.text = text;
      said.textContent = text;
      for (const dag of dags) {
        const link = Object.assign(document.createElement("a"), { href: `/dags/${dag}/runs`, textContent: `runs of ${dag}` });
        link.dataset.airflow = "";
        said.append(" – ", link);
      }
    }
    button.hidden = !cancel;
    button.onclick = async () => {
      if (isBusy(button)) return;
      button.setAttribute("aria-disabled", "true");
      await cancel?.().catch((error) => (said.textContent = error.message));
      button.removeAttribute("aria-disabled");
    };
  };
}

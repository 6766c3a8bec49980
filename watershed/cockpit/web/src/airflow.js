// What a page asks of Airflow: go to its pages, start its runs. The browser asks with the user's own cookie, so that
// Airflow checks the user's rights itself and names the user as who started the run.
const PAUSE_MS = 1500;
const FAILURES = 5; // questions in a row that may go unanswered
const ENDED = { success: "good", failed: "bad" };

// Where Airflow itself is mounted: our own address without `/watershed`.
const airflow = () => document.body.dataset.root.replace(/\/watershed$/, "");

export function followLinks() {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-airflow], a[data-airflow-run], a[data-airflow-asset]");
    if (!link) return;
    event.preventDefault();
    const { airflowRun: run, airflowAsset: asset } = link.dataset;
    visit((run && (await findRun(run))) || (asset && (await findAsset(asset))) || link.getAttribute("href"));
  });
}

// The frame may not navigate the window around it, but a link of that window may.
function visit(path) {
  const outer = window.parent.document;
  const anchor = Object.assign(outer.createElement("a"), { href: airflow() + path });
  outer.body.append(anchor);
  anchor.click();
  anchor.remove();
}

// The ledger's id of a run is Airflow's with all but letters, digits, `_`, `.` and `-` as `-` (watershed/airflow/schedules.py).
async function findRun(ours) {
  const [dag, ...rest] = ours.split(".");
  const wanted = rest.join(".");
  const pattern = encodeURIComponent(wanted.replaceAll("-", "%"));
  try {
    const path = `/dags/${encodeURIComponent(dag)}/dagRuns`;
    const { dag_runs: runs } = await call(`${path}?run_id_pattern=${pattern}&limit=50`);
    const found = runs.find((run) => run.dag_run_id.replace(/[^A-Za-z0-9_.-]+/g, "-") === wanted);
    return found && `/dags/${encodeURIComponent(dag)}/runs/${encodeURIComponent(found.dag_run_id)}`;
  } catch {
    return null; // Airflow forgot the run: its DAG is the next best
  }
}

// Airflow numbers its assets.
async function findAsset(name) {
  try {
    const { assets } = await call(`/assets?name_pattern=${encodeURIComponent(name)}&limit=100`);
    const found = assets.find((asset) => asset.name === name);
    return found && `/assets/${found.id}`;
  } catch {
    return null;
  }
}

export function startRuns() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-trigger-dag]");
    if (button) start(button);
  });
  const startWaiting = (root) => {
    for (const one of root.querySelectorAll?.("[data-trigger-now]") ?? []) start(one);
  };
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt.matches?.("[data-trigger-now]")) start(event.detail.elt);
    startWaiting(event.detail.elt);
  });
}

// data-trigger-dag, data-trigger-conf (JSON), data-trigger-key (a partition key). The state is told beside the element.
async function start(element) {
  if (element.dataset.triggerStarted) return;
  element.dataset.triggerStarted = "yes";
  if (element.matches("button")) element.setAttribute("aria-disabled", "true"); // disabled, it would lose the focus
  const { triggerDag: dag, triggerConf: conf, triggerKey: key } = element.dataset;
  const tell = makeTeller(element);
  tell("starting", "busy");
  try {
    const body = { logical_date: null, conf: JSON.parse(conf || "{}"), partition_key: key || null };
    const run = await call(`/dags/${encodeURIComponent(dag)}/dagRuns`, { method: "POST", body: JSON.stringify(body) });
    announce(element, "started", run);
    await follow(dag, run, tell, element);
  } catch (error) {
    tell(error.message, "bad");
  }
  if (!element.matches("button")) return; // what starts by itself starts once
  delete element.dataset.triggerStarted;
  element.removeAttribute("aria-disabled");
}

async function follow(dag, run, tell, element) {
  const path = `/dags/${encodeURIComponent(dag)}/dagRuns/${encodeURIComponent(run.dag_run_id)}`;
  const link = `/dags/${encodeURIComponent(dag)}/runs/${encodeURIComponent(run.dag_run_id)}`;
  for (let silent = 0; !ENDED[run.state]; ) {
    tell(`${dag}: ${run.state}`, "busy", link);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    try {
      run = await call(path);
      silent = 0;
    } catch (error) {
      if (++silent === FAILURES) throw error;
    }
  }
  tell(`${dag}: ${run.state}`, ENDED[run.state], link);
  announce(element, "ended", run);
}

// The part of the page with the element may have been replaced meanwhile.
export function announce(element, what, run) {
  const place = element.isConnected ? element : document.body;
  place.dispatchEvent(new CustomEvent(`watershed:${what}`, { bubbles: true, detail: run }));
}

export async function call(path, options = {}) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const answer = await fetch(`${airflow()}/api/v2${path}`, { credentials: "same-origin", headers, ...options });
  if (answer.ok) return answer.json();
  if (answer.status === 401) throw new Error("You are logged out: log in to Airflow again");
  if (answer.status === 403) throw new Error("Your role in Airflow does not allow you to start this run");
  const { detail } = await answer.json().catch(() => ({}));
  throw new Error(typeof detail === "string" ? detail : `Airflow answered ${answer.status}`);
}

function makeTeller(element) {
  let place = element.nextElementSibling;
  if (!place?.classList.contains("run")) {
    place = Object.assign(document.createElement("span"), { className: "run" });
    place.setAttribute("role", "status");
    element.after(place);
  }
  return (text, state, link) => {
    place.className = `run ${state}`;
    place.textContent = text;
    if (!link) return;
    const anchor = Object.assign(document.createElement("a"), { href: link, textContent: "open the run" });
    anchor.dataset.airflow = "";
    place.append(" – ", anchor);
  };
}

// What stands beside the editor: tables and columns, saved questions, and what was asked before. Each is read when it is opened.
import { growTree } from "./sql_tree.js";

const root = document.body.dataset.root;
const $ = (id) => document.getElementById(id);
const shelf = (name) => document.querySelector(`[data-shelf=${name}]`);

export async function fillNames(editor) {
  try {
    const answer = await fetch(`${root}/sql/names`);
    const names = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(names.error ?? "the lake does not tell what there is: the page Health says what is away");
    editor.learn(names);
    growTree($("tree"), $("tree-filter"), names, editor.insert);
  } catch (error) {
    const again = Object.assign(document.createElement("button"), { type: "button", textContent: "Try again" });
    again.addEventListener("click", () => fillNames(editor));
    $("tree").replaceChildren(Object.assign(document.createElement("p"), { className: "small", textContent: error.message }), again);
  }
}

export function openShelves() {
  if (window.matchMedia("(max-width: 1100px)").matches) shelf("names").open = false;
  shelf("saved").addEventListener("toggle", fillSaved);
  shelf("history").addEventListener("toggle", fillHistory);
  $("saved").addEventListener("click", (event) => {
    const button = event.target.closest("[data-delete]");
    if (button) remove(button);
  });
  $("past").addEventListener("change", (event) => event.target.id === "everybody" && fillHistory());
}

export const fillSaved = () => fill("saved", "saved", "/sql/saved");
export const fillHistory = () => fill("history", "past", `/sql/history${$("everybody")?.checked ? "?everybody=true" : ""}`);

async function fill(name, place, path) {
  if (!shelf(name).open) return;
  const answer = await fetch(root + path, { headers: { "HX-Request": "true" } });
  // A fragment of our own templates, in which whatever people wrote is escaped.
  $(place).innerHTML = await answer.text();
}

// The first click asks, the second one deletes. Airflow's frame opens no window that could ask.
async function remove(button) {
  if (!button.classList.contains("danger")) {
    button.className = "danger";
    button.textContent = "Delete for good";
    button.setAttribute("aria-label", `Delete ${button.dataset.name} for good: nobody can bring it back`);
    return;
  }
  const answer = await fetch(`${root}/sql/saved/delete`, { method: "POST", body: new URLSearchParams({ question: button.dataset.delete }) });
  await fillSaved();
  if (answer.ok) return;
  const { error = `the web server did not answer: status ${answer.status}` } = await answer.json().catch(() => ({}));
  $("saved").prepend(Object.assign(document.createElement("p"), { className: "error", role: "alert", textContent: error }));
}

// The dialog that saves what is in the editor, as a new question or in place of the one that is open.
export function openKeeping(editor) {
  const [dialog, form, problem] = [$("keeping"), $("keep-form"), $("keep-problem")];
  const { saved, name = "", shared, own } = $("ask").dataset;
  $("keep").addEventListener("click", () => {
    problem.hidden = true;
    form.elements.name.value = name;
    form.elements.shared.checked = shared !== undefined && own !== undefined;
    dialog.showModal();
    form.elements.name.select();
  });
  $("keep-not").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const told = { name: form.elements.name.value, query: editor.text(), snapshot: $("snapshot").value, shared: form.elements.shared.checked };
    const question = event.submitter?.value === "change" ? saved : "";
    const answer = await fetch(`${root}/sql/saved`, { method: "POST", body: new URLSearchParams({ ...told, question }) });
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) return location.assign(`${root}/sql?saved=${encodeURIComponent(found.id)}`);
    problem.textContent = found.error ?? `the web server did not answer: status ${answer.status}`;
    problem.hidden = false;
  });
}

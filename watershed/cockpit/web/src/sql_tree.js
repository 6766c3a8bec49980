// Schemas, tables and columns. A click on a name writes it into the editor.
import { split } from "./sql_words.js";

const OPEN = new Set(["mart", "core"]); // what analysts start from
const FIRST = ["mart", "core", "serve", "speed", "ml", "quarantine", "ledger"];

export function growTree(place, filter, names, insert) {
  const schemas = new Map();
  for (const one of [...names.tables, ...names.macros]) {
    const [schema] = split(one.address);
    schemas.set(schema, [...(schemas.get(schema) ?? []), one]);
  }
  const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const show = () => {
    const wanted = filter.value.trim().toLowerCase();
    const found = [...schemas].sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b)).map(([schema, own]) => {
      return growSchema(schema, own.filter((one) => fits(one, wanted)), wanted, insert);
    });
    const shown = found.filter(Boolean);
    place.replaceChildren(...(shown.length ? shown : [make("p", { className: "muted small", textContent: "Nothing is called so." })]));
  };
  filter.addEventListener("input", show);
  show();
}

function fits({ address, columns = [] }, wanted) {
  return address.includes(wanted) || columns.some(({ name }) => name.toLowerCase().includes(wanted));
}

function growSchema(schema, own, wanted, insert) {
  if (!own.length) return null;
  const branch = make("details", { className: "branch", open: wanted !== "" || OPEN.has(schema) });
  const count = make("span", { className: "muted", textContent: ` ${own.length}` });
  const summary = make("summary", { textContent: schema });
  summary.append(count);
  const list = make("ul");
  list.append(...own.map((one) => (one.columns ? growTable(one, wanted, insert) : growMacro(one, insert))));
  branch.append(summary, list);
  return branch;
}

function growTable(table, wanted, insert) {
  const [, name] = split(table.address);
  const item = make("li");
  const isOpen = wanted !== "" && !table.address.includes(wanted);
  const toggle = make("button", { type: "button", className: "twig", textContent: "▸" });
  toggle.setAttribute("aria-label", `Columns of ${table.address}`);
  const list = make("ul", { hidden: true });
  const open = (opens) => {
    if (opens && !list.childElementCount) list.append(...table.columns.map((column) => growColumn(column, insert)));
    list.hidden = !opens;
    toggle.setAttribute("aria-expanded", opens);
  };
  toggle.addEventListener("click", () => open(list.hidden));
  open(isOpen);
  item.append(toggle, makeName(name, table.address, table.about, insert), list);
  return item;
}

function growMacro({ address, parameters, about }, insert) {
  const item = make("li");
  const [, name] = split(address);
  item.append(make("span", { className: "twig muted", textContent: "ƒ", ariaHidden: "true" }));
  item.append(makeName(`${name}(${parameters})`, `${address}(`, about, insert));
  return item;
}

function growColumn({ name, type, about, isPersonal, isMasked }, insert) {
  const item = make("li");
  const quoted = /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
  item.append(makeName(name, quoted, about, insert), make("span", { className: "muted small", textContent: ` ${type.toLowerCase()}` }));
  if (isPersonal) {
    const said = isMasked ? "Personal: you see a mask in place of the value" : "Personal: your role sees the value";
    const mark = make("span", { className: `badge ${isMasked ? "quiet" : "warn"}`, textContent: isMasked ? "masked" : "personal", title: said });
    item.append(" ", mark);
  }
  return item;
}

function makeName(shown, inserted, about, insert) {
  const button = make("button", { type: "button", className: "plain leaf", textContent: shown, title: about || inserted });
  button.addEventListener("click", () => insert(inserted));
  return button;
}

function make(tag, what = {}) {
  return Object.assign(document.createElement(tag), what);
}

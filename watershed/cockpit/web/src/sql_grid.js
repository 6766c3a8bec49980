// An answer as a grid, or the plan of EXPLAIN as it is drawn.
import { TabulatorFull as Tabulator } from "tabulator-tables";
import "tabulator-tables/dist/css/tabulator_simple.css";

let grid = null;

export function clearGrid() {
  grid?.destroy();
  grid = null;
}

export function showGrid(answer) {
  clearGrid();
  grid = new Tabulator("#grid", {
    data: answer.rows.map((row) => Object.fromEntries(row.map((value, place) => [`c${place}`, value]))),
    columns: answer.columns.map((column, place) => ({
      title: column.name,
      titleFormatter: plain,
      field: `c${place}`,
      headerTooltip: () => plain({ getValue: () => column.type }),
      hozAlign: column.isNumber ? "right" : "left",
      headerHozAlign: column.isNumber ? "right" : "left",
      formatter: plain,
      sorter: column.isNumber ? (a, b) => Number(a) - Number(b) : "string",
      maxInitialWidth: 420,
    })),
    layout: "fitData",
    height: Math.min(560, 60 + 29 * Math.max(answer.rows.length, 1)),
    placeholder: "The query has no rows.",
  });
  grid.on("tableBuilt", () => tellRoles(answer.rows.length > 0));
}

// The box that scrolls, which Tab reaches, stands between the grid and its rows.
function tellRoles(hasRows) {
  document.querySelector("#grid .tabulator-tableholder").setAttribute("role", hasRows ? "rowgroup" : "row");
  document.querySelector("#grid .tabulator-table").setAttribute("role", "presentation");
  document.querySelector("#grid .tabulator-placeholder")?.setAttribute("role", "gridcell");
}

// Text, never HTML, which the grid would make of values, names and types; null told apart from an empty text.
function plain(cell) {
  const value = cell.getValue();
  const element = document.createElement("span");
  element.textContent = value === null ? "null" : String(value);
  if (value === null) element.className = "muted";
  return element;
}

export const isPlan = ({ columns, rows }) => columns[0]?.name === "explain_key" && columns.length === 2 && rows.length > 0;
export const spellPlan = ({ rows }) => rows.map(([, plan]) => plan).join("\n\n");

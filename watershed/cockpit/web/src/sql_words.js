// What the editor knows of DuckDB's SQL and of the lake. Only words of queries: nothing else is answered here.
import { SQLDialect, schemaCompletionSource, sql } from "@codemirror/lang-sql";
import { syntaxTree } from "@codemirror/language";

// tests/cockpit/test_words.py compares these with DuckDB's own.
export const WORDS = `
  all analyze and anti any array as asc asof at between by case cast collate columns cross cube current day default desc
  describe distinct else end escape except exclude exists explain extract false fetch filter first following for from full
  glob group grouping having hour ilike in include inner intersect interval into is isnull join lambda last lateral left like
  limit map materialized minute month name natural not notnull null nulls offset on or order ordinality outer over
  partition percent pivot pivot_longer pivot_wider positional preceding qualify quarter range recursive replace rename right rollup row rows
  sample schema second select semi sets show similar some struct summarize table tables tablesample then ties time timestamp
  true try_cast unbounded union unpivot using value values version when where window with within without year zone`;
export const TYPES = `
  bigint bit blob boolean date decimal double enum float hugeint integer interval json smallint time timestamp
  timestamptz tinyint ubigint uhugeint uinteger union usmallint utinyint uuid varchar`;
const duckdb = SQLDialect.define({
  keywords: WORDS,
  types: TYPES,
  doubleDollarQuotedStrings: true,
  caseInsensitiveIdentifiers: true,
  operatorChars: "+-*/<>=~!@#%^&|`?:",
});
const OFFERED = [...new Set(WORDS.trim().split(/\s+/))].map((word) => ({ label: word.toUpperCase(), type: "keyword", boost: -1 }));
const KINDS = OFFERED.concat(TYPES.trim().split(/\s+/).map((word) => ({ label: word.toUpperCase(), type: "type", boost: -3 })));

export function speakDuckDB(names = { tables: [], macros: [], functions: [] }) {
  const known = new Map(names.tables.map((table) => [table.address.toLowerCase(), table]));
  const functions = names.functions.map(({ name, kind, about }) => ({
    label: name,
    type: "function",
    detail: kind,
    info: about || undefined,
    apply: `${name}(`,
    boost: -2,
  }));
  const sources = [
    schemaCompletionSource({ dialect: duckdb, schema: nest(names) }),
    (context) => offerColumns(context, known),
    (context) => offerWords(context, [...KINDS, ...functions]),
  ];
  const language = sql({ dialect: duckdb, upperCaseKeywords: true }).language;
  return [language, ...sources.map((autocomplete) => language.data.of({ autocomplete }))];
}

// Schemas, tables in them, columns in those: what follows a dot, whether a schema, table or alias stands before it.
function nest({ tables, macros }) {
  const schemas = {};
  for (const { address, about, columns } of tables) {
    const [schema, name] = split(address);
    const children = columns.map(describeColumn);
    (schemas[schema] ??= {})[name] = { self: { label: name, type: "class", info: about || undefined }, children };
  }
  for (const { address, parameters, about } of macros) {
    const [schema, name] = split(address);
    const self = { label: name, type: "function", detail: `(${parameters})`, apply: `${name}(`, info: about || undefined };
    (schemas[schema] ??= {})[name] = { self, children: [] };
  }
  return schemas;
}

export const split = (address) => [address.slice(0, address.indexOf(".")), address.slice(address.indexOf(".") + 1)];

export function describeColumn({ name, type, about, isMasked }) {
  const label = name;
  const quoted = /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
  const info = [about, isMasked ? "Personal: you see a mask." : ""].filter(Boolean).join(" ");
  return { label, apply: quoted, type: "property", detail: type.toLowerCase(), info: info || undefined, boost: 1 };
}

// Columns of the tables that the query names, without their table's name before them.
function offerColumns(context, known) {
  const word = findWord(context);
  if (!word) return null;
  const text = context.state.doc.toString().toLowerCase();
  const named = new Set(text.match(/[a-z_]\w*\.[a-z_]\w*/g));
  const options = [...named].filter((address) => known.has(address)).flatMap((address) => {
    return known.get(address).columns.map((column) => ({ ...describeColumn(column), detail: `${column.type.toLowerCase()} · ${address}` }));
  });
  return options.length ? { from: word.from, options, validFor: /^\w*$/ } : null;
}

function offerWords(context, options) {
  const word = findWord(context);
  return word && { from: word.from, options, validFor: /^\w*$/ };
}

// What is being written, unless it follows a dot, or stands in a text or a comment.
function findWord(context) {
  const word = context.matchBefore(/[a-z_]\w*/i);
  if (!word || context.state.sliceDoc(word.from - 1, word.from) === ".") return null;
  const around = syntaxTree(context.state).resolveInner(context.pos, -1).name;
  return /String|Comment|Quoted/.test(around) ? null : word;
}

// From the rows of an answer to the points of a chart: series, in order, with a gap where a value is missing.
const DAY = 86_400_000;
const MOMENT = /^(\d{4,6})-(\d\d)(?:-(\d\d))?(?:[ T](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)?(?: ?([+-]\d\d)(?::?(\d\d))?)?$/;
export const MOST_SERIES = 10;
export const MOST_NAMES = 60;
const MOST_STEPS = 5_000;

// By its type, or since all of its texts are dates: `2024-03-05`, or `2024-03` for a month.
export function isTime({ columns, rows }, place) {
  const { type } = columns[place];
  if (type !== "varchar") return /^(timestamp|date)/.test(type);
  const texts = rows.map((row) => row[place]).filter((text) => text !== null);
  return texts.length > 0 && texts.every((text) => MOMENT.test(text));
}

// UTC; null for what no chart can show: infinity, years before Christ.
export function readTime(text) {
  const found = MOMENT.exec(text ?? "");
  if (!found) return null;
  const [year, month, day = 1, hour = 0, minute = 0, second = 0, zone = 0, zoneMinutes = 0] = found.slice(1).map((part) => part && Number(part));
  const ahead = zone * 60 + Math.sign(zone) * zoneMinutes;
  const time = Date.UTC(year, month - 1, day, hour, minute - ahead) + second * 1000;
  return Number.isNaN(time) ? null : time;
}

export function readNumber(value) {
  return value !== null && Number.isFinite(Number(value)) ? Number(value) : null; // nothing can be drawn at infinity
}

// `x`, `ys` and `by`: places of columns, `by` -1 where none tells series apart. Points have x, y, series and `said`, the
// value as it is written. `xs` is the order in which they stand; `notes` say what is not drawn.
export function readPoints(answer, { x, ys, by }, isBar) {
  const { columns, rows } = answer;
  const notes = [];
  const kind = isTime(answer, x) ? "time" : columns[x].isNumber && !isBar ? "number" : "name";
  const across = { time: readTime, number: readNumber, name: (value) => (value === null ? "null" : String(value)) }[kind];
  const name = (row, y) => [by < 0 ? null : String(row[by]), ys.length > 1 || by < 0 ? columns[y].name : null].filter((part) => part !== null).join(" · ");
  let points = rows.flatMap((row) => ys.map((y) => ({ x: across(row[x]), y: readNumber(row[y]), said: row[y], series: name(row, y) })));
  const without = points.filter((point) => point.x === null).length;
  if (without) notes.push(`${without === 1 ? "1 value has" : `${without} values have`} no ${columns[x].name} that can be drawn.`);
  points = points.filter((point) => point.x !== null);
  const series = chooseSeries(points, notes);
  points = points.filter((point) => series.includes(point.series));
  let xs = [...new Set(points.map((point) => point.x))];
  if (kind === "name") xs = cut(xs, notes);
  else xs = (kind === "time" ? fillTimes : (own) => own)(xs.sort((a, b) => a - b));
  const places = new Map(xs.map((own, place) => [own, place]));
  points = points.filter((point) => places.has(point.x));
  if (new Set(points.map((point) => JSON.stringify([point.x, point.series]))).size < points.length) {
    notes.push(`Several rows have the same ${columns[x].name}: choose a column for series, or group by it.`);
  }
  points.push(...findGaps(points, xs, series));
  points.sort((a, b) => places.get(a.x) - places.get(b.x));
  return { kind, points, series, xs, notes };
}

// Those with most values, in the order in which they come.
function chooseSeries(points, notes) {
  const counts = new Map();
  for (const point of points) counts.set(point.series, (counts.get(point.series) ?? 0) + Math.abs(point.y ?? 0));
  if (counts.size <= MOST_SERIES) return [...counts.keys()];
  notes.push(`${counts.size} series: the ${MOST_SERIES} largest are drawn.`);
  const largest = new Set([...counts].sort(([, a], [, b]) => b - a).slice(0, MOST_SERIES).map(([own]) => own));
  return [...counts.keys()].filter((own) => largest.has(own));
}

function cut(xs, notes) {
  if (xs.length > MOST_NAMES) notes.push(`${xs.length} values: the first ${MOST_NAMES} are drawn.`);
  return xs.slice(0, MOST_NAMES);
}

// Where a series has no row, it has no value: the line must not run through.
function findGaps(points, xs, series) {
  const there = new Set(points.map((point) => JSON.stringify([point.x, point.series])));
  return series.flatMap((own) => xs.filter((x) => !there.has(JSON.stringify([x, own]))).map((x) => ({ x, y: null, said: null, series: own })));
}

// Times in order, with those between that are missing, where they stand at regular distances: days, hours, months.
export function fillTimes(times) {
  if (times.length < 2) return times;
  const months = times.map(numberMonth);
  if (!months.includes(null)) return fill(months, 1).map((month) => Date.UTC(Math.floor(month / 12), month % 12));
  return fill(times, 60_000);
}

// The number of a month, of the moment at which it begins; null for any other.
function numberMonth(time) {
  const date = new Date(time);
  return time === Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) ? date.getUTCFullYear() * 12 + date.getUTCMonth() : null;
}

function fill(values, least) {
  const distances = values.slice(1).map((value, place) => value - values[place]);
  const step = distances.reduce(divide);
  const isRegular = step === Math.min(...distances) || step >= least;
  const count = (values.at(-1) - values[0]) / step + 1;
  if (!isRegular) return values;
  // Of a hole that is too long for all of its steps the first one is enough to part the line.
  if (count > MOST_STEPS) return values.flatMap((value, place) => (values[place + 1] - value > step ? [value, value + step] : [value]));
  return Array.from({ length: count }, (_, place) => values[0] + place * step);
}

function divide(a, b) {
  return b ? divide(b, a % b) : a;
}

// 24 hours, in UTC; a day alone where it begins.
export function spellTime(time) {
  const text = new Date(time).toISOString();
  const day = text.slice(0, text.indexOf("T"));
  return time % DAY === 0 ? day : `${day} ${text.slice(day.length + 1, day.length + (time % 60_000 ? 9 : 6))}`;
}

// The time zone that the viewer has chosen in Airflow, which keeps it in the browser.
export const KEPT = "timezone";

// Airflow keeps JSON.
export function findZone() {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    return kept && new Intl.DateTimeFormat("en", { timeZone: kept }) ? kept : own;
  } catch {
    return own; // none that this browser knows
  }
}

// A moment as Airflow writes it, `2026-11-28 00:04:05`, and how far its zone is from UTC then, `UTC+1`.
export function makeSpeller(zone) {
  const digits = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const format = new Intl.DateTimeFormat("en", { timeZone: zone, hourCycle: "h23", timeZoneName: "shortOffset", ...digits });
  return (moment) => {
    const { year, month, day, hour, minute, second, timeZoneName } = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
    return { day: `${year}-${month}-${day}`, minute: `${hour}:${minute}`, second, offset: timeZoneName.replace(/^GMT(?:\+0(?!\d))?/, "UTC").replace("-", "−") };
  };
}

// Every page: htmx, and what a page may ask of Airflow itself.
import htmx from "htmx.org";
import { followLinks, startRuns } from "./airflow.js";
import { openFinder } from "./finder.js";
import { chooseDays, followBackfills } from "./backfill.js";
import { watchBoxes } from "./boxes.js";
import { keepPlaces } from "./swaps.js";

window.htmx = htmx;
// A page loads no code from text, and htmx adds no style of its own: the browser would refuse both.
Object.assign(htmx.config, { allowEval: false, includeIndicatorStyles: false, selfRequestsOnly: true, historyCacheSize: 0 });
// An answer with a status of failure is a sentence for people: show it where the page would have been.
htmx.config.responseHandling = [{ code: "204", swap: false }, { code: "[2345]..", swap: true }];

followLinks();
startRuns();
chooseDays();
followBackfills();
openFinder();
watchBoxes();
keepPlaces();

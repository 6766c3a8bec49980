// The question lives behind the `#` of the address: a link holds it, and it reaches no server and no log before somebody
// runs it. A question that was asked is an entry of the browser's history of its own; what is being written replaces the last one.
const PAUSE_MS = 400;

export class Address {
  constructor(read, changed) {
    this.read = read; // () => { query, snapshot }
    this.timer = 0;
    window.addEventListener("popstate", () => this.arrive(changed));
  }

  // Another place of the page, as of the link to its content, takes no question away.
  arrive(changed) {
    clearTimeout(this.timer);
    const found = this.parse();
    if (found) changed(found, history.state?.key);
    else this.write("replaceState", null);
  }

  // Null where the address holds none.
  parse() {
    const parts = new URLSearchParams(location.hash.slice(1));
    return parts.has("query") ? { query: parts.get("query"), snapshot: parts.get("snapshot") ?? "" } : null;
  }

  spell(search = new URLSearchParams(location.search).has("saved") ? location.search : "") {
    const { query, snapshot } = this.read();
    const at = snapshot ? `&snapshot=${encodeURIComponent(snapshot)}` : "";
    return `${location.pathname}${search}#query=${encodeURIComponent(query)}${at}`;
  }

  // For others: they may not know a question that somebody has saved.
  get link() {
    return new URL(this.spell(""), location.href).href;
  }

  noteSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.note(), PAUSE_MS);
  }

  note() {
    clearTimeout(this.timer);
    const { query, snapshot } = this.read();
    const known = this.parse() ?? { query: "", snapshot: "" };
    if (known.query === query && known.snapshot === snapshot) return;
    this.write(history.state?.key ? "pushState" : "replaceState", null);
  }

  // Of an address that is too long for a browser it says so: then the question is in the page alone.
  write(how, state) {
    try {
      history[how](state, "", this.spell());
    } catch {
      history[how](state, "");
    }
  }

  // What was just written is asked, under this key.
  ask(key) {
    this.note();
    this.write("replaceState", { key });
  }
}

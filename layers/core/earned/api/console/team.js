/** `<earned-team company="…">`: a company's people and their trainings, for its admins. */

import { Failed, path } from "./api.js";
import { number } from "./dates.js";
import { h } from "./dom.js";
import { EarnedElement } from "./element.js";
import { fill } from "./messages.js";
import { certificate, requirement, status, titleOf } from "./parts.js";
import { arrange, MOST, nameOf, Rows } from "./rows.js";
import { summary } from "./summary.js";
import { exportArchive } from "./transfers.js";

/** @import { Row } from "./rows.js" */
/** @import { Enrollment, ExportScope, Page, Summary, TrainingSummary } from "./types.d.ts" */

const SHOWN = 100;
const WHOLE_AGE = 300_000;
const PAUSE = 250;
const MOST_EXPORTED = 1_000;

export class EarnedTeam extends EarnedElement {
  /** @type {TrainingSummary[] | "too-many" | null} */
  #summary = null;
  /** @type {Rows | null} */
  #rows = null;
  /** @type {Enrollment[]} */
  #person = [];
  /** @type {Map<string, string>} the trainings seen, for the filter */
  #trainings = new Map();
  /** @type {Set<string>} account ids */
  #selected = new Set();
  #search = "";
  #typing = 0;
  #exporting = false;

  /** @override */
  reset() {
    this.#summary = this.#rows = null;
    this.#person = [];
    this.#selected.clear();
  }

  /** @override */
  async stateChanged() {
    const { person } = this.state;
    this.said = "";
    if (person && person !== this.#person[0]?.account_id) this.#person = [];
    await this.refresh();
    if (person) this.shadowRoot?.getElementById("person")?.focus();
  }

  /** @override */
  async load() {
    if (this.state["person"]) return this.#loadPerson(this.state["person"]);
    const [numbers] = await Promise.all([this.#readSummary(), this.#loadRows()]);
    this.#summary = numbers;
    for (const { training } of Array.isArray(numbers) ? numbers : []) this.#trainings.set(training.id, titleOf(training));
    for (const { training } of this.#rows?.items ?? []) this.#trainings.set(training.id, titleOf(training));
  }

  /** @param {string} account_id */
  async #loadPerson(account_id) {
    /** @type {Page<Enrollment>} */
    let page = await this.api.get(path`/v1/companies/${this.company}/enrollments`, { account_id, limit: 100 });
    const read = [...page.items];
    while (page.next_cursor) {
      page = await this.api.get(path`/v1/companies/${this.company}/enrollments`, { account_id, limit: 100, cursor: page.next_cursor });
      read.push(...page.items);
    }
    this.#person = read;
  }

  /** @returns {Promise<TrainingSummary[] | "too-many" | null>} null: this service has no summary */
  async #readSummary() {
    try {
      /** @type {Summary} */
      const { items } = await this.api.get(path`/v1/companies/${this.company}/summary`);
      return items;
    } catch (error) {
      if (error instanceof Failed && error.code === "too-many") return "too-many";
      if (error instanceof Failed && error.status === 404) return null; // the list says whether there is a company
      throw error;
    }
  }

  /** A search or an order needs everybody, which is read less often. */
  get #needsAll() {
    return this.#search !== "" || Boolean(this.state["sort"]);
  }

  get #page() {
    return Math.max(1, Number.parseInt(this.state["page"] ?? "1", 10) || 1);
  }

  async #loadRows() {
    const { training, status, who } = this.state;
    const filters = { training_id: training, status, who };
    const known = this.#rows, same = known && JSON.stringify(known.filters) === JSON.stringify(filters);
    if (this.#needsAll) {
      const rows = same && Date.now() - known.readAt < WHOLE_AGE ? known : new Rows(this.api, this.company, filters);
      if (!rows.isComplete) await rows.upTo(MOST, (count) => this.say(fill(this.texts.loadingAll, { count: number(this.locale, count) })));
      this.#rows = rows;
      this.said = this.#search ? fill(this.texts.found, { count: number(this.locale, this.#arranged().length) }) : "";
    } else {
      const rows = new Rows(this.api, this.company, filters);
      await rows.upTo(this.#page * SHOWN);
      this.#rows = rows;
    }
  }

  #arranged() {
    const { sort = "", order } = this.state;
    return arrange(this.#rows?.items ?? [], { search: this.#search, sort, descending: order === "desc", language: this.language });
  }

  /** @override */
  view() {
    if (this.state["person"]) return this.#personView(this.state["person"]);
    const { texts } = this, rows = this.#rows;
    if (!rows) return null;
    const arranged = this.#arranged(), start = (this.#page - 1) * SHOWN, shown = arranged.slice(start, start + SHOWN);
    return [
      Array.isArray(this.#summary) && this.#summary.length > 0 && summary(this, this.#summary),
      this.#summary === "too-many" && h("p", { class: "notice" }, texts.tooMany),
      h("section", { "aria-labelledby": "people" },
        h("h2", { id: "people", tabindex: "-1" }, texts.people),
        rows.items.length > 0 || this.#isFiltered ? [
          this.#filters(),
          this.#exports(),
          shown.length > 0 ? this.#table(shown) : h("p", { part: "empty" }, texts.noMatch),
          this.#pages(arranged.length, start, shown.length),
        ] : h("p", { part: "empty" }, texts.noPeople)),
    ];
  }

  get #isFiltered() {
    const { training, status, who } = this.state;
    return Boolean(this.#search || training || status || who);
  }

  #clear() {
    this.#search = "";
    this.navigate({ training: "", status: "", who: "", page: "" });
    this.shadowRoot?.getElementById("search")?.focus();
  }

  #filters() {
    const { texts, state } = this;
    const trainings = [...this.#trainings].sort(([, a], [, b]) => a.localeCompare(b, this.language));
    /** @param {"training" | "status" | "who"} name @param {string} label @param {[string, string][]} options */
    const select = (name, label, options) => {
      const onchange = (/** @type {{target: HTMLSelectElement}} */ { target }) => this.navigate({ [name]: target.value, page: "" });
      const all = h("option", { value: "" }, texts.all);
      return h("div", {},
        h("label", { for: name }, label),
        h("select", { id: name, value: state[name] ?? "", onchange }, all, options.map(([value, text]) => h("option", { value }, text))));
    };
    const oninput = (/** @type {{target: HTMLInputElement}} */ { target }) => this.#type(target.value);
    return h("div", { class: "bar", role: "search", part: "filters" },
      h("div", {},
        h("label", { for: "search" }, texts.search),
        h("input", { id: "search", type: "search", autocomplete: "off", spellcheck: "false", value: this.#search, oninput })),
      select("training", texts.training, trainings),
      select("status", texts.status, [["in-progress", texts.inProgress], ["completed", texts.completed]]),
      select("who", texts.whoMustAct, [["learner", texts.learner], ["administrator", texts.administrator], ["support", texts.support], ["nobody", texts.nobody]]),
      this.#isFiltered && h("div", {}, h("button", { type: "button", onclick: () => this.#clear() }, texts.clear)));
  }

  /** @param {string} text */
  #type(text) {
    clearTimeout(this.#typing);
    this.#search = text;
    this.#typing = setTimeout(() => (this.state["page"] ? this.navigate({ page: "" }) : this.stateChanged()), PAUSE);
  }

  #exports() {
    const { texts, state } = this, busy = this.#exporting, chosen = this.#selected.size;
    const training_id = state["training"];
    const isPossible = chosen > 0 && chosen <= MOST_EXPORTED;
    const exportAll = () => this.#export(scope(training_id));
    const exportSelected = () => (isPossible ? this.#export(scope(training_id, [...this.#selected])) : undefined);
    return [
      h("div", { class: "actions", part: "actions" },
        h("button", { type: "button", class: "main", "aria-disabled": String(busy), onclick: exportAll }, texts.exportAll),
        h("button", { type: "button", "aria-disabled": String(busy || !isPossible), onclick: exportSelected }, texts.exportSelected),
        chosen > 0 && h("span", { class: "quiet" }, fill(texts.selected, { count: number(this.locale, chosen) }))),
      h("p", { class: "quiet small on-screen" }, texts.exportHint),
    ];
  }

  /** @param {ExportScope} scope */
  #export(scope) {
    if (this.#exporting) return;
    this.#exporting = true;
    const { texts, locale } = this;
    this.perform(async () => {
      this.say(fill(texts.exporting, { count: number(locale, 0) }));
      try {
        await exportArchive(this.api, this.company, scope, ({ count, failures, status }) => {
          const numbers = { count: number(locale, count), failures: number(locale, failures.length) };
          this.say(fill(status === "done" ? texts.exported : texts.exporting, numbers));
        });
      } catch (error) {
        if (!(error instanceof Failed)) throw error;
        this.said = error.code === "out-of-date" ? texts.exportOutOfDate : texts.exportFailed;
      } finally {
        this.#exporting = false;
      }
    });
  }

  /** @param {Row[]} shown */
  #table(shown) {
    const { texts } = this;
    const accounts = new Set(shown.map(({ account_id }) => account_id));
    const all = [...accounts].every((id) => this.#selected.has(id));
    /** @param {string} name @param {string} label */
    const column = (name, label) => {
      const isSorted = this.state["sort"] === name, isDescending = this.state["order"] === "desc";
      const next = isSorted ? (isDescending ? { sort: "", order: "" } : { sort: name, order: "desc" }) : { sort: name, order: "" };
      const onclick = () => this.navigate({ ...next, page: "" });
      return h("th", { role: "columnheader", scope: "col", "aria-sort": isSorted && (isDescending ? "descending" : "ascending") },
        h("button", { type: "button", class: "link", id: `sort-${name}`, onclick }, label, isSorted && h("span", { "aria-hidden": "true" }, isDescending ? " ↓" : " ↑")));
    };
    return h("table", { class: "responsive", role: "table", "aria-labelledby": "people", part: "table" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
        h("th", { class: "tick", role: "columnheader", scope: "col" },
          h("input", { type: "checkbox", id: "select-shown", checked: all, "aria-label": texts.selectShown, onchange: () => this.#select(accounts, !all) })),
        column("person", texts.person), column("training", texts.training), column("status", texts.status), column("outstanding", texts.outstanding),
        h("th", { role: "columnheader", scope: "col" }, texts.certificate))),
      h("tbody", { role: "rowgroup" }, shown.map((row) => this.#row(row))));
  }

  /** @param {Set<string>} accounts @param {boolean} select */
  #select(accounts, select) {
    for (const id of accounts) select ? this.#selected.add(id) : this.#selected.delete(id);
    this.render();
  }

  /** @param {Row} row */
  #row(row) {
    const { texts, locale } = this, { account_id, training, outstanding, more } = row, name = nameOf(row);
    const isSelected = this.#selected.has(account_id);
    const select = () => this.#select(new Set([account_id]), !isSelected);
    const isBeingMade = row.status === "completed" && outstanding.length === 0;
    return h("tr", { role: "row", part: "row" },
      h("td", { class: "tick", role: "cell" },
        h("input", { type: "checkbox", checked: isSelected, "aria-label": fill(texts.select, { name }), onchange: select })),
      h("th", { role: "rowheader", scope: "row" }, h("button", { type: "button", class: "link name", onclick: () => this.navigate({ person: account_id }) }, name)),
      h("td", { role: "cell" }, h("span", { class: "name" }, titleOf(training))),
      h("td", { role: "cell" }, status(this, row)),
      h("td", { role: "cell" },
        outstanding.map((one) => requirement(this, one)),
        more > 0 && h("span", { class: "quiet small" }, fill(texts.more, { count: number(locale, more) }))),
      h("td", { role: "cell" },
        row.certificate && certificate(this, row.certificate, `${name}, ${titleOf(training)}`),
        !row.certificate && isBeingMade && h("span", { class: "quiet" }, texts.preparing)));
  }

  /** @param {number} known @param {number} start @param {number} shown */
  #pages(known, start, shown) {
    const { texts, locale, state } = this, complete = this.#rows?.isComplete;
    const total = complete || this.#needsAll ? known : this.#enrolled();
    const numbers = { from: number(locale, shown ? start + 1 : 0), to: number(locale, start + shown), total: number(locale, total ?? 0) };
    /** @param {number} page */
    const go = (page) => () => this.navigate({ page: page > 1 ? String(page) : "" });
    const isMore = start + shown < known || (!complete && shown === SHOWN);
    const isOne = start === 0 && !isMore;
    return [
      !complete && this.#needsAll && h("p", { class: "notice" }, fill(texts.atMost, { count: number(locale, MOST) })),
      (shown > 0 || !isOne) && h("nav", { class: "actions", "aria-label": texts.people, part: "pages" },
        !isOne && h("button", { type: "button", "aria-disabled": String(start === 0), onclick: start > 0 ? go(this.#page - 1) : () => {} }, texts.previous),
        h("span", { class: "quiet" }, fill(total === null || state["status"] || state["who"] ? (complete ? texts.rows : texts.rowsSoFar) : texts.rows, numbers)),
        !isOne && h("button", { type: "button", "aria-disabled": String(!isMore), onclick: isMore ? go(this.#page + 1) : () => {} }, texts.next)),
    ];
  }

  #enrolled() {
    if (!Array.isArray(this.#summary)) return null;
    const { training } = this.state;
    return this.#summary.filter((one) => !training || one.training.id === training).reduce((sum, one) => sum + one.enrolled, 0);
  }

  /** @param {string} account_id */
  #personView(account_id) {
    const { texts } = this, [first] = this.#person;
    const onclick = () => this.#export(scope(undefined, [account_id]));
    return h("section", { "aria-labelledby": "person" },
      h("p", { class: "on-screen" }, h("button", { type: "button", class: "link", onclick: () => this.navigate({ person: "" }) }, texts.back)),
      first && [
        h("h2", { id: "person", tabindex: "-1", class: "name" }, nameOf(first)),
        h("div", { class: "actions" },
          h("button", { type: "button", class: "main", "aria-disabled": String(this.#exporting), onclick }, texts.exportPerson)),
        h("ul", { class: "cards" }, this.#person.map((one) => this.#enrollment(one))),
      ],
      !first && this.phase === "ready" && h("p", { part: "empty" }, texts.nobodyFound));
  }

  /** @param {Enrollment} enrollment */
  #enrollment({ training, outstanding, certificate: held, ...rest }) {
    const isBeingMade = !held && rest.status === "completed" && outstanding.length === 0;
    return h("li", { class: "card", part: "card" },
      h("h3", { class: "name" }, titleOf(training)),
      h("p", {}, status(this, rest)),
      outstanding.length > 0 && h("ol", {}, outstanding.map((one) => h("li", {}, requirement(this, one)))),
      held && h("p", {}, certificate(this, held, titleOf(training))),
      isBeingMade && h("p", { class: "quiet" }, this.texts.preparing));
  }
}

/** @param {string | undefined} training_id @param {string[]} [account_ids] @returns {ExportScope} */
function scope(training_id, account_ids) {
  return { ...(training_id ? { training_id } : {}), ...(account_ids ? { account_ids } : {}) };
}

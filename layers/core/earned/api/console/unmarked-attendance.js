/** `<earned-unmarked-attendance>`: ended events that wait for marks, oldest first, and who waits. */

import { path } from "./api.js";
import { ago, moment, number } from "./dates.js";
import { h } from "./dom.js";
import { EarnedElement } from "./element.js";
import { fill } from "./messages.js";

/** @import { Page, UnmarkedEvent, UnmarkedPerson } from "./types.d.ts" */

const MOST = 1_000;

export class EarnedUnmarkedAttendance extends EarnedElement {
  /** @type {UnmarkedEvent[]} */
  #events = [];
  /** @type {UnmarkedPerson[]} */
  #people = [];

  /** @override */
  reset() {
    this.#events = [];
    this.#people = [];
  }

  /** @override */
  async load() {
    const open = this.state["event"] ?? "";
    /** @type {[UnmarkedEvent[], UnmarkedPerson[]]} */
    const [events, people] = await Promise.all([
      this.#all("/v1/unmarked-attendance"),
      open ? this.#all(path`/v1/unmarked-attendance/${open}`) : [],
    ]);
    this.#events = events;
    this.#people = people;
  }

  /** @template Item @param {string} list @returns {Promise<Item[]>} */
  async #all(list) {
    /** @type {Item[]} */
    const items = [];
    for (let cursor = /** @type {string | undefined} */ (""); cursor !== undefined && items.length < MOST; ) {
      /** @type {Page<Item>} */
      const page = await this.api.get(list, { limit: 100, cursor });
      items.push(...page.items);
      cursor = page.next_cursor;
    }
    return items;
  }

  /** @override */
  view() {
    if (this.#events.length === 0) return h("p", { part: "empty" }, this.texts.noneUnmarked);
    return h("section", {}, h("ul", { class: "cards" }, this.#events.map((event) => this.#event(event))));
  }

  /** @param {UnmarkedEvent} event */
  #event({ live_event_id, title, ended_at, waiting }) {
    const { texts, locale, state } = this, isOpen = state["event"] === live_event_id;
    const ended = { ago: ago(locale, ended_at), date: moment(locale, ended_at) };
    return h("li", { class: "card", part: "card", id: `event-${live_event_id}` },
      h("h2", { class: "name" }, title),
      h("p", {}, h("strong", {}, fill(texts.waiting, { count: number(locale, waiting) })), h("br"),
        h("time", { datetime: ended_at }, fill(texts.ended, ended))),
      h("button", {
        type: "button",
        "aria-expanded": String(isOpen),
        "aria-label": `${texts.showPeople}: ${title}`,
        onclick: () => this.navigate({ event: isOpen ? "" : live_event_id }),
      }, texts.showPeople),
      isOpen && h("ul", { class: "people" }, this.#people.map(({ holder, account_id, company_id }) =>
        h("li", {}, h("span", { class: "name" }, holder ?? account_id), company_id && h("span", { class: "quiet small" }, ` (${texts.company}: ${company_id})`)))));
  }
}

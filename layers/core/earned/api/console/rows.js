/** The rows of a company's list: read page by page, only as far as they are shown, and no further than `MOST`. */

import { path } from "./api.js";

/** @import { Api } from "./api.js" */
/** @import { Enrollment, Page } from "./types.d.ts" */

/** @typedef {Enrollment & {more: number}} Row An enrollment with its first requirements, and how many more it has. */
/** @typedef {{training_id?: string | undefined, account_id?: string | undefined, status?: string | undefined, who?: string | undefined}} Filters */

export const MOST = 25_000;
const SHOWN_REQUIREMENTS = 2;

export class Rows {
  /** @type {Row[]} */
  items = [];
  /** @type {string | undefined} */
  #cursor = "";
  readAt = Date.now();

  /** @param {Api} api @param {string} company @param {Filters} filters */
  constructor(api, company, filters) {
    this.api = api;
    this.list = path`/v1/companies/${company}/enrollments`;
    this.filters = filters;
  }

  get isComplete() {
    return this.#cursor === undefined;
  }

  /**
   * Read until there are this many rows, or all.
   * @param {number} count
   * @param {(count: number) => void} [report] Called with the number of rows after each page.
   */
  async upTo(count, report) {
    while (this.#cursor !== undefined && this.items.length < Math.min(count, MOST)) {
      /** @type {Page<Enrollment>} */
      const page = await this.api.get(this.list, { ...this.filters, limit: 100, cursor: this.#cursor });
      this.items.push(...page.items.map(row));
      this.#cursor = page.next_cursor;
      report?.(this.items.length);
    }
  }
}

/** @param {Enrollment} enrollment @returns {Row} */
function row(enrollment) {
  const { outstanding } = enrollment;
  return { ...enrollment, outstanding: outstanding.slice(0, SHOWN_REQUIREMENTS), more: Math.max(0, outstanding.length - SHOWN_REQUIREMENTS) };
}

/**
 * The rows that contain all words of a text, in an order.
 * @param {Row[]} rows
 * @param {{search: string, sort: string, descending: boolean, language: string}} how
 */
export function arrange(rows, { search, sort, descending, language }) {
  const words = plain(search).split(/\s+/).filter(Boolean);
  const found = rows.filter((row) => {
    const text = words.length > 0 ? plain(`${nameOf(row)} ${row.training.title ?? row.training.id}`) : "";
    return words.every((word) => text.includes(word));
  });
  const key = KEYS[sort];
  if (!key) return found;
  const { compare } = new Intl.Collator(language, { numeric: true });
  const sign = descending ? -1 : 1;
  return found.sort((a, b) => sign * compare(key(a), key(b)) || compare(nameOf(a), nameOf(b)));
}

/** @param {{holder?: string, account_id: string}} row */
export const nameOf = ({ holder, account_id }) => holder ?? account_id;

/** @type {Record<string, (row: Row) => string>} */
const KEYS = {
  person: nameOf,
  training: ({ training }) => training.title ?? training.id,
  status: ({ status, completed_at }) => status + (completed_at ?? ""),
  outstanding: ({ outstanding }) => outstanding[0]?.since ?? "~",
};

/** Without accents and case, so that a search need not be typed exactly. @param {string} text */
const plain = (text) => text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();

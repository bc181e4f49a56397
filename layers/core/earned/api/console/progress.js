/** `<earned-progress>`: what a learner has to do and what is done, in the course's order. */

import { h } from "./dom.js";
import { EarnedElement } from "./element.js";
import { addToProfile, certificate, requirement, status, titleOf } from "./parts.js";

/** @import { Enrollment, Page } from "./types.d.ts" */

export class EarnedProgress extends EarnedElement {
  /** @type {Enrollment[]} */
  #enrollments = [];

  /** @override */
  reset() {
    this.#enrollments = [];
  }

  /** @override */
  async load() {
    /** @type {Enrollment[]} */
    const read = [];
    for (let cursor = /** @type {string | undefined} */ (""); cursor !== undefined; ) {
      /** @type {Page<Enrollment>} */
      const page = await this.api.get("/v1/enrollments", { limit: 100, cursor });
      read.push(...page.items);
      cursor = page.next_cursor;
    }
    this.#enrollments = read;
  }

  /** @override */
  view() {
    const { texts } = this;
    const pending = this.#enrollments.filter(({ outstanding }) => outstanding.length > 0);
    const done = this.#enrollments.filter(({ outstanding }) => outstanding.length === 0);
    pending.sort((a, b) => since(a).localeCompare(since(b)));
    done.sort((a, b) => (b.completed_at ?? "").localeCompare(a.completed_at ?? ""));
    if (this.#enrollments.length === 0) return h("p", { part: "empty" }, texts.noTrainings);
    return [
      h("section", { "aria-labelledby": "pending" },
        h("h2", { id: "pending" }, texts.pending),
        pending.length ? h("ul", { class: "cards" }, pending.map((one) => this.#pending(one))) : h("p", {}, texts.nothingPending)),
      done.length > 0 && h("section", { "aria-labelledby": "done" },
        h("h2", { id: "done" }, texts.done),
        h("ul", { class: "cards" }, done.map((one) => this.#done(one)))),
    ];
  }

  /** @param {Enrollment} enrollment */
  #pending({ training, outstanding, ...rest }) {
    return h("li", { class: "card", part: "card" },
      h("h3", { class: "name" }, titleOf(training)),
      rest.status === "completed" && h("p", {}, status(this, rest)),
      h("ol", {}, outstanding.map((one) => h("li", {}, requirement(this, one, true)))),
      rest.certificate && h("p", {}, certificate(this, rest.certificate, titleOf(training))));
  }

  /** @param {Enrollment} enrollment */
  #done({ training, certificate: held, ...rest }) {
    const without = this.company ? this.texts.companyHolds : this.texts.preparing;
    return h("li", { class: "card", part: "card" },
      h("h3", { class: "name" }, titleOf(training)),
      h("p", {}, status(this, rest)),
      h("p", {}, held ? certificate(this, held, titleOf(training)) : without),
      held && addToProfile(this, held, titleOf(training)));
  }
}

/** @param {Enrollment} enrollment */
function since({ outstanding }) {
  return outstanding[0]?.since ?? "";
}

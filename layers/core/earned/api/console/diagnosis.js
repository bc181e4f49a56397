/** `<earned-diagnosis>`: for support, what happened to a person's enrollments and what blocks a certificate. */

import { Failed, path } from "./api.js";
import { ago, day, moment, number } from "./dates.js";
import { h } from "./dom.js";
import { EarnedElement } from "./element.js";
import { fill } from "./messages.js";
import { requirement, status, titleOf } from "./parts.js";

/** @import { Child, Diagnosis, Page, SupportRequest } from "./types.d.ts" */

/** @typedef {{items: SupportRequest[], dropped_last_hour: number, next_cursor?: string}} Requests */

const PLAIN = { autocomplete: "off", spellcheck: "false" };

export class EarnedDiagnosis extends EarnedElement {
  /** @type {Requests | null} */
  #requests = null;
  /** @type {Page<Diagnosis> | null} */
  #diagnoses = null;
  /** An address stays here: what is in `state` may stand in the page's address. */
  #email = "";
  /** @type {string | null} */
  #input = null;

  /** @override */
  reset() {
    this.#requests = this.#diagnoses = null;
  }

  /** @override */
  async load() {
    const who = this.#who();
    /** @type {[Requests, Page<Diagnosis> | null]} */
    const [requests, diagnoses] = await Promise.all([
      this.api.get("/v1/support-requests", { limit: 20 }),
      who ? this.api.get("/v1/diagnoses", who) : null,
    ]);
    if (!this.#requests || requests.items[0]?.request_id !== this.#requests.items[0]?.request_id) this.#requests = requests;
    this.#diagnoses = diagnoses;
  }

  #who() {
    if (this.#email) return { email: this.#email };
    return this.state["account"] ? { account_id: this.state["account"] } : null;
  }

  /** @override */
  async stateChanged() {
    if (this.state["account"]) this.#email = "";
    this.#diagnoses = null;
    this.said = this.#who() ? this.texts.loading : "";
    await this.refresh();
    this.said = "";
    this.render();
    this.shadowRoot?.getElementById("result")?.focus();
  }

  /** @param {string} emailOrId */
  #diagnose(emailOrId) {
    const given = emailOrId.trim();
    this.#input = given;
    this.#email = given.includes("@") ? given : "";
    this.navigate({ account: this.#email ? "" : given });
  }

  /** @override */
  view() {
    const { texts } = this;
    const onsubmit = (/** @type {SubmitEvent & {target: HTMLFormElement}} */ event) => {
      event.preventDefault();
      this.#diagnose(String(new FormData(event.target).get("who") ?? ""));
    };
    const oninput = (/** @type {{target: HTMLInputElement}} */ { target }) => (this.#input = target.value);
    return [
      h("section", { "aria-labelledby": "find", class: "on-screen" },
        h("h2", { id: "find" }, texts.findPerson),
        h("form", { onsubmit, class: "bar" },
          h("div", {}, h("label", { for: "who" }, texts.emailOrId),
            h("input", { id: "who", name: "who", type: "text", required: true, maxlength: 320, dir: "ltr", ...PLAIN, value: this.#input ?? this.state["account"] ?? "", oninput })),
          h("div", {}, h("button", { class: "main" }, texts.diagnose)))),
      this.#diagnoses && this.#results(this.#diagnoses),
      this.#requestList(),
    ];
  }

  /** @param {Page<Diagnosis>} diagnoses */
  #results({ items, next_cursor }) {
    const { texts } = this, first = items[0];
    return h("section", { "aria-labelledby": "result" },
      h("h2", { id: "result", tabindex: "-1", class: "name" }, first ? (first.account.name ?? first.account.account_id) : texts.nobodyFound),
      items.map((one) => this.#verdict(one)),
      next_cursor && h("button", { type: "button", onclick: () => this.perform(() => this.#more(next_cursor)) }, texts.moreDiagnoses));
  }

  /** @param {string} cursor */
  async #more(cursor) {
    /** @type {Page<Diagnosis>} */
    const page = await this.api.get("/v1/diagnoses", { ...this.#who(), cursor });
    this.#diagnoses = { ...page, items: [...(this.#diagnoses?.items ?? []), ...page.items] };
  }

  /** @param {Diagnosis} diagnosis */
  #verdict(diagnosis) {
    const { texts, locale } = this, { account, enrollment, training, completion, attendance, certificate, blocking } = diagnosis;
    const [tone, title] = this.#title(diagnosis);
    /** @param {string} label @param {...Child} value */
    const line = (label, ...value) => [h("dt", {}, label), h("dd", {}, ...value)];
    const others = diagnosis.outstanding.slice(1);
    return h("article", { class: "card", part: "card", id: `enrollment-${enrollment.enrollment_id}` },
      h("h3", { class: "name" }, titleOf(training)),
      h("p", { class: `badge ${tone}`, part: "verdict" }, title),
      h("dl", {},
        line(texts.whatBlocks, blocking ? requirement(this, blocking) : texts.nothing, others.map((one) => requirement(this, one))),
        line(texts.whoMayDownload, h("span", { lang: "en", dir: "auto" }, diagnosis.who_may_download)),
        line(texts.status, status(this, completion)),
        attendance && line(texts.attendance, this.#attendance(attendance)),
        certificate && [
          line(texts.document, certificate.document_intact ? texts.intact : certificate.document_present ? texts.differs : texts.missing),
          line(texts.number, h("span", { class: "mono", dir: "ltr" }, certificate.certificate_id), `, ${texts.revision} ${number(locale, certificate.revision)}`),
        ],
        line(texts.account, h("span", { class: "mono", dir: "ltr" }, account.account_id), account.kind && ` (${account.kind})`),
        line(texts.enrollment, h("span", { class: "mono", dir: "ltr" }, enrollment.enrollment_id), enrollment.company_id && `, ${texts.company}: ${enrollment.company_id}`)),
      this.#timeline(completion),
      certificate?.status === "issued" && this.#reissue(certificate.certificate_id));
  }

  /** @param {Diagnosis} diagnosis @returns {["good" | "bad" | "changed", string]} */
  #title({ enrollment, account, certificate, blocking }) {
    const { texts } = this;
    if (enrollment.removed_at || account.removed || certificate?.status === "withdrawn") return ["bad", texts.verdictRemoved];
    if (certificate?.status === "revoked") return ["bad", texts.verdictRevoked];
    if (certificate) return certificate.document_intact ? ["good", texts.verdictIssued] : ["bad", texts.verdictDamaged];
    return blocking ? ["changed", texts.verdictBlocked] : ["changed", texts.verdictPreparing];
  }

  /** @param {NonNullable<Diagnosis["attendance"]>} attendance */
  #attendance({ status, marked_by, marked_at }) {
    const { texts, locale } = this;
    const word = status === "not-marked" ? texts.notMarked : texts[status];
    return marked_by && marked_at ? fill(texts.markedBy, { status: word, who: isolated(marked_by), date: moment(locale, marked_at) }) : word;
  }

  /** @param {Diagnosis["completion"]} completion */
  #timeline({ timeline }) {
    const { texts, locale } = this;
    /** @type {Record<string, string>} */
    const names = texts.timelineOf;
    return h("section", {},
      h("h4", {}, texts.timeline),
      h("ol", { class: "timeline" }, timeline.map(({ at, what, title, detail }) => h("li", {},
        h("time", { datetime: at, class: "quiet small" }, moment(locale, at)),
        h("span", {}, names[what] ?? what, title && [": ", h("span", { class: "name" }, title)],
          detail && h("span", { class: "quiet", lang: "en" }, ` (${detail})`))))));
  }

  /** @param {string} id */
  #reissue(id) {
    const { texts } = this;
    const onsubmit = (/** @type {SubmitEvent & {target: HTMLFormElement}} */ event) => {
      event.preventDefault();
      const reason = String(new FormData(event.target).get("reason") ?? "");
      this.perform(async () => {
        try {
          /** @type {{status: string}} */
          const { status } = await this.api.post(path`/v1/certificates/${id}/reissue`, { reason });
          this.said = status === "unchanged" ? texts.reissueUnchanged : texts.reissueQueued;
        } catch (error) {
          if (!(error instanceof Failed) || error.status !== 409) throw error;
          this.said = texts.reissueImpossible;
        }
      });
    };
    return h("form", { onsubmit, class: "bar" },
      h("div", {},
        h("label", { for: `reason-${id}` }, texts.reason),
        h("input", { id: `reason-${id}`, name: "reason", type: "text", required: true, maxlength: 500, autocomplete: "off" })),
      h("div", {}, h("button", {}, texts.reissue)));
  }

  #requestList() {
    const { texts, locale } = this, requests = this.#requests;
    if (!requests) return null;
    return h("section", { "aria-labelledby": "requests", class: this.#diagnoses ? "on-screen" : "" }, // of other people
      h("h2", { id: "requests" }, texts.requests),
      requests.dropped_last_hour > 0 && h("p", { class: "notice" }, fill(texts.dropped, { count: number(locale, requests.dropped_last_hour) })),
      requests.items.length === 0 && h("p", { part: "empty" }, texts.noRequests),
      h("ul", { class: "cards" }, requests.items.map(({ at, name, email, training, message }) => h("li", { class: "card", part: "card" },
        h("h3", { class: "name" }, name),
        h("p", {}, h("span", { class: "name" }, email), h("br"), h("span", { class: "name" }, training)),
        message && h("p", { class: "name" }, message),
        h("p", { class: "quiet small" }, h("time", { datetime: at, title: day(locale, at) }, ago(locale, at))),
        h("button", { type: "button", "aria-label": `${texts.diagnose}: ${name}`, onclick: () => this.#diagnose(email) }, texts.diagnose)))),
      requests.next_cursor && h("p", {}, h("button", { type: "button", onclick: () => this.perform(() => this.#older(requests)) }, texts.moreRequests)));
  }

  /** @param {Requests} requests */
  async #older({ items, next_cursor, dropped_last_hour }) {
    /** @type {Requests} */
    const page = await this.api.get("/v1/support-requests", { limit: 20, cursor: next_cursor });
    this.#requests = { dropped_last_hour, items: [...items, ...page.items], ...(page.next_cursor ? { next_cursor: page.next_cursor } : {}) };
  }
}

/** An id within a text of any direction. @param {string} id */
const isolated = (id) => `\u2068${id}\u2069`;

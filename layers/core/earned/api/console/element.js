/** What every element does: read the API with the page's token, refresh by itself, and show where it stands. */

import { Api, Expired, Failed, Offline } from "./api.js";
import { moment } from "./dates.js";
import { h, patch } from "./dom.js";
import { direction, fetchTexts, fill, language, locale, texts } from "./messages.js";
import { theme } from "./theme.js";

/** @import { Token } from "./api.js" */
/** @import { Child } from "./types.d.ts" */

const REFRESH = 30_000;
const SLOWEST = 300_000;

/**
 * An element is one of: loading (nothing read yet), ready, expired, offline, failed, hidden (not for this token). What
 * was read before stays on the page. The events are `earned-expired` (cancelable: the page shows its own message) and
 * `earned-state`, whose detail is `state`: ids and filters that a page may put into its address.
 */
export class EarnedElement extends HTMLElement {
  static observedAttributes = ["api", "company", "lang"];

  /** @type {"loading" | "ready" | "expired" | "offline" | "failed" | "hidden"} */
  phase = "loading";
  /** What the live region says. */
  said = "";
  /** @type {Date | null} */
  readAt = null;
  /** @type {Record<string, string>} */
  #state = {};
  /** @type {Token | undefined} */
  #token;
  #abort = new AbortController();
  #timer = 0;
  #failures = 0;
  #begun = false;
  #run = 0;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [theme];
  }

  /** An access token, or a function that returns one or a promise of one. */
  get token() {
    return this.#token ?? "";
  }

  set token(token) {
    const first = this.#token === undefined;
    this.#token = token;
    if (first || this.phase === "expired") this.#restart();
  }

  /** Ids and filters, none of them personal data. */
  get state() {
    return this.#state;
  }

  set state(state) {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = { ...state };
    if (this.#begun) this.stateChanged();
  }

  /** @param {Record<string, string>} change An empty value removes a name. */
  navigate(change) {
    const changed = Object.entries({ ...this.#state, ...change }).filter(([, value]) => value !== "");
    this.#state = Object.fromEntries(changed);
    this.dispatchEvent(new CustomEvent("earned-state", { detail: this.#state, bubbles: true, composed: true }));
    this.stateChanged();
  }

  get language() {
    return language(this.getAttribute("lang") ?? "", this.closest("[lang]")?.getAttribute("lang") ?? "", ...navigator.languages);
  }

  /** For dates and numbers. */
  get locale() {
    return locale(this.language);
  }

  get texts() {
    return texts(this.language);
  }

  get company() {
    return this.getAttribute("company") ?? "";
  }

  get api() {
    const base = this.getAttribute("api") ?? new URL("../..", import.meta.url).href;
    return new Api({ base, token: this.token, language: this.language, signal: this.#abort.signal });
  }

  connectedCallback() {
    for (const name of /** @type {const} */ (["state", "token"])) {
      if (!Object.hasOwn(this, name)) continue; // set before the element was defined
      const value = Reflect.get(this, name);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
    document.addEventListener("visibilitychange", this.#wake);
    addEventListener("online", this.#wake);
    if (!this.#begun) this.#restart();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.#wake);
    removeEventListener("online", this.#wake);
    this.#stop();
  }

  attributeChangedCallback() {
    if (this.#begun) this.#restart();
  }

  #stop() {
    this.#begun = false;
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  #restart() {
    this.#stop();
    if (!this.isConnected || this.#token === undefined) return;
    this.#begun = true;
    this.#failures = 0;
    this.phase = "loading";
    this.readAt = null;
    this.reset();
    this.refresh();
  }

  #wake = () => {
    if (this.#begun && !document.hidden && this.phase !== "expired") this.refresh();
  };

  /** Read again; the newest call wins. */
  async refresh() {
    clearTimeout(this.#timer);
    const run = ++this.#run, { signal } = this.#abort;
    this.render();
    try {
      await this.load();
      if (signal.aborted || run !== this.#run) return;
      this.phase = "ready";
      this.readAt = new Date();
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted || run !== this.#run) return;
      this.report(error);
      this.#failures++;
    }
    this.render();
    const pause = Math.min(REFRESH * 2 ** this.#failures, SLOWEST);
    if (this.phase !== "expired") this.#timer = setTimeout(() => (document.hidden ? undefined : this.refresh()), pause);
  }

  /**
   * Run what a person asked for, and show what became of it.
   * @param {() => Promise<void>} work
   */
  async perform(work) {
    const { signal } = this.#abort;
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Failed && error.status < 500) this.said = this.texts.hiddenText;
      else this.report(error);
    }
    if (!signal.aborted) this.render();
  }

  /** @param {unknown} error */
  report(error) {
    if (error instanceof Expired) {
      this.phase = "expired";
      const event = new CustomEvent("earned-expired", { bubbles: true, composed: true, cancelable: true });
      this.quietly = !this.dispatchEvent(event);
    } else if (error instanceof Offline) this.phase = "offline";
    else if (error instanceof Failed && (error.status === 404 || error.status === 403)) this.phase = "hidden";
    else if (error instanceof Failed) this.phase = "failed";
    else throw error;
  }

  /** Whether the page itself says that the sign-in has expired. */
  quietly = false;

  /** @param {string} text */
  say(text) {
    this.said = text;
    this.render();
  }

  render() {
    const { language, locale, texts } = this, root = this.shadowRoot;
    if (!root || !this.isConnected) return;
    const fetching = fetchTexts(language);
    if (fetching) return void fetching.then(() => this.render());
    const isRead = this.readAt !== null || this.phase === "ready";
    patch(root, h("div", { lang: language, dir: direction(language), part: "root" },
      h("div", {}, this.#notice()), // a child of its own, so that what follows keeps its place and its focus
      h("div", {}, isRead ? this.view() : this.phase === "loading" && this.#skeleton()),
      h("p", { role: "status", part: "status" }, this.said || (this.phase === "loading" && texts.loading)),
      h("p", { class: "quiet small", part: "as-of" }, this.readAt && fill(texts.asOf, { time: moment(locale, this.readAt) }))));
  }

  #notice() {
    const { texts, phase } = this;
    if (phase === "loading" || phase === "ready" || (phase === "expired" && this.quietly)) return null;
    return h("div", { class: `notice ${phase === "failed" ? "bad" : ""}`, role: "alert", part: "notice" },
      h("h2", {}, texts[`${phase}Title`]),
      h("p", {}, texts[`${phase}Text`]),
      phase !== "expired" && h("p", {}, h("button", { type: "button", onclick: () => this.refresh() }, texts.retry)));
  }

  #skeleton() {
    return h("div", { class: "loading", "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"));
  }

  /** Forget what was read: the token, an attribute or the language is another. */
  reset() {}

  /** `state` was changed by a person or by the page. */
  stateChanged() {
    this.refresh();
  }

  /** @returns {Promise<void>} */
  async load() {}

  /** @returns {Child} */
  view() {
    return null;
  }
}

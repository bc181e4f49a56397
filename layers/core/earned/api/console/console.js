/** `<earned-console>`: sign-in, the pages of each role, and the address that says where a person is. */

import { h, patch } from "./dom.js";
import { direction, fetchTexts, LANGUAGES, language, texts } from "./messages.js";
import { arrive, claims, leave, SignInFailed } from "./sign-in.js";

/** @import { Child } from "./types.d.ts" */
/** @import { Texts } from "./messages.js" */

/** @typedef {{element: string, title: (texts: Texts) => string, define: () => Promise<CustomElementConstructor>}} View */

/** @type {Record<string, View>} */
const VIEWS = {
  team: { element: "earned-team", title: ({ team }) => team, define: async () => (await import("./team.js")).EarnedTeam },
  progress: { element: "earned-progress", title: ({ progress }) => progress, define: async () => (await import("./progress.js")).EarnedProgress },
  attendance: { element: "earned-unmarked-attendance", title: ({ unmarked }) => unmarked, define: async () => (await import("./unmarked-attendance.js")).EarnedUnmarkedAttendance },
  support: { element: "earned-diagnosis", title: ({ support }) => support, define: async () => (await import("./diagnosis.js")).EarnedDiagnosis },
};

/** The pages of each role, the first of them at the start. @type {Record<string, string[]>} */
const PAGES = {
  "company-admin": ["team", "progress"],
  individual: ["progress"],
  employee: ["progress"],
  administrator: ["attendance"],
  support: ["support", "attendance"],
};

class EarnedConsole extends HTMLElement {
  /** @type {"signing-in" | "signed-in" | "signed-out" | "failed" | "not-configured"} */
  #phase = "signing-in";
  #token = "";
  #isExpired = false;
  /** @type {() => string} the same function for as long as the token is the same */
  #give = () => "";

  connectedCallback() {
    addEventListener("hashchange", () => this.#render());
    this.addEventListener("earned-state", (event) => this.#go(/** @type {CustomEvent} */ (event).detail));
    this.addEventListener("earned-expired", (event) => {
      event.preventDefault();
      this.#isExpired = true;
      this.#render();
    });
    this.#start();
  }

  get #settings() {
    /** @param {string} name */
    const given = (name) => this.getAttribute(name) ?? "";
    return { issuer: given("issuer"), clientId: given("client-id"), audience: given("audience"), scope: given("scope") };
  }

  async #start() {
    if (!this.#settings.issuer) return this.#become("not-configured");
    this.#become("signing-in");
    try {
      const token = await arrive(this.#settings);
      if (!token) return await leave(this.#settings);
      this.#token = token;
      this.#give = () => token;
      this.#become("signed-in");
    } catch (error) {
      if (!(error instanceof SignInFailed)) throw error;
      this.#become("failed");
    }
  }

  async #signIn() {
    try {
      await leave(this.#settings);
    } catch (error) {
      if (!(error instanceof SignInFailed)) throw error;
      this.#become("failed");
    }
  }

  #signOut() {
    this.#token = "";
    this.#give = () => "";
    this.#isExpired = false;
    history.replaceState(null, "", location.pathname);
    this.#become("signed-out");
  }

  /** @param {"signing-in" | "signed-in" | "signed-out" | "failed" | "not-configured"} phase */
  #become(phase) {
    this.#phase = phase;
    this.#render();
  }

  /** What the address says: the page, the language, and the page's own ids and filters. */
  get #address() {
    const { view = "", lang = "", ...state } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    return { view, lang, state };
  }

  /** @param {Record<string, string>} state @param {{view?: string, lang?: string}} [where] */
  #go(state, where = {}) {
    const { view, lang } = { ...this.#address, ...where };
    const all = Object.entries({ view, lang, ...state }).filter(([, value]) => value !== "");
    const hash = `#${new URLSearchParams(all)}`;
    if (hash !== location.hash) history.pushState(null, "", hash);
    this.#render();
  }

  get #language() {
    return language(this.#address.lang, ...navigator.languages);
  }

  get #who() {
    const found = claims(this.#token);
    const role = String(found[this.getAttribute("role-claim") ?? "role"] ?? "");
    const company = found[this.getAttribute("company-claim") ?? "company_id"];
    return { pages: PAGES[role] ?? [], company: typeof company === "string" ? company : "" };
  }

  #render() {
    const language = this.#language, words = texts(language), fetching = fetchTexts(language);
    if (fetching) return void fetching.then(() => this.#render());
    document.documentElement.lang = language;
    document.documentElement.dir = direction(language);
    const { pages, company } = this.#who, { view, state } = this.#address;
    const page = pages.includes(view) ? view : pages[0];
    const title = this.#phase === "signed-in" && page ? VIEWS[page]?.title(words) : words.title;
    document.title = `${title} · ${this.getAttribute("brand") ?? ""}`;
    patch(this, [
      this.#header(words, pages, page),
      h("main", { id: "main", tabindex: "-1" },
        h("div", {}, this.#isExpired && this.#notice("h2", words.expiredTitle, words.expiredText, words.signInAgain)),
        this.#phase === "signed-in" && page ? [h("h1", {}, title), this.#element(page, company, state, language)] : this.#outside(words)),
    ]);
  }

  get #main() {
    return /** @type {HTMLElement | null} */ (this.querySelector("#main"));
  }

  /** @param {Texts} words @param {string[]} pages @param {string | undefined} page */
  #header(words, pages, page) {
    const isSignedIn = this.#phase === "signed-in";
    /** @param {Event} event */
    const skip = (event) => {
      event.preventDefault();
      this.#main?.focus();
    };
    return h("header", {},
      h("a", { class: "skip", href: "#main", onclick: skip }, words.skip),
      h("div", { class: "brand" }, h("span", { class: "mark", "aria-hidden": "true" }), h("span", { dir: "auto" }, this.getAttribute("brand") ?? "")),
      isSignedIn && pages.length > 1 && h("nav", { "aria-label": words.views }, h("ul", {}, pages.map((name) => h("li", {}, this.#link(words, name, page))))),
      h("div", { class: "tools" },
        h("label", {}, h("span", { class: "hidden" }, words.language),
          h("select", { value: this.#language, onchange: (/** @type {{target: HTMLSelectElement}} */ { target }) => this.#go(this.#address.state, { lang: target.value }) },
            Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code }, name)))),
        isSignedIn && h("button", { type: "button", onclick: () => this.#signOut() }, words.signOut)));
  }

  /** @param {Texts} words @param {string} name @param {string | undefined} page */
  #link(words, name, page) {
    const onclick = (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#go({}, { view: name });
      this.#main?.focus();
    };
    return h("a", { href: `#view=${name}`, "aria-current": name === page && "page", onclick }, VIEWS[name]?.title(words));
  }

  /** @param {string} page @param {string} company @param {Record<string, string>} state @param {string} lang */
  #element(page, company, state, lang) {
    const view = VIEWS[page];
    if (!view) return null;
    /** @param {CustomElementConstructor} element Loaded again while it was being loaded, it is defined once. */
    const define = (element) => customElements.get(view.element) ?? customElements.define(view.element, element);
    if (!customElements.get(view.element)) view.define().then(define);
    return h(view.element, { id: page, company, lang, state, token: this.#give });
  }

  /** @param {Texts} words @returns {Child} */
  #outside(words) {
    switch (this.#phase) {
      case "signing-in": return h("p", { role: "status" }, words.signingIn);
      case "signed-out": return this.#notice("h1", words.signedOut, "", words.signIn);
      case "failed": return this.#notice("h1", words.signInFailed, words.signInFailedText, words.signIn);
      case "not-configured": return h("p", { role: "alert" }, words.notConfigured);
      default: return this.#notice("h1", words.noRole, words.noRoleText, words.signInAgain);
    }
  }

  /** @param {"h1" | "h2"} heading @param {string} title @param {string} text @param {string} button */
  #notice(heading, title, text, button) {
    return h("div", { class: "notice", role: "alert" },
      h(heading, {}, title),
      text && h("p", {}, text),
      h("p", {}, h("button", { type: "button", class: "main", onclick: () => this.#signIn() }, button)));
  }
}

customElements.define("earned-console", EarnedConsole);

/** The API over `fetch`: one class of error for each thing that a person can do about it. */

/** The token is missing, expired or refused (401). */
export class Expired extends Error {}

/** No answer: no network, or none within the time limit. */
export class Offline extends Error {}

/** Any other refusal or fault; `code` is the end of the problem's type, such as `too-many`. */
export class Failed extends Error {
  /** @param {number} status @param {string} code @param {string} detail */
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** @typedef {string | (() => string | Promise<string>)} Token */

const TIMEOUT = 30_000;
const ATTEMPTS = 3;
const RETRIED = new Set([429, 500, 502, 503, 504]);

export class Api {
  /** @param {{base: string, token: Token, language: string, signal: AbortSignal}} options */
  constructor({ base, token, language, signal }) {
    this.base = base.replace(/\/$/, "");
    this.token = token;
    this.language = language;
    this.signal = signal;
  }

  /**
   * @template Answer
   * @param {string} path
   * @param {Record<string, string | number | undefined>} [query]
   * @returns {Promise<Answer>}
   */
  async get(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send(search.size ? `${path}?${search}` : path, {});
      } catch (error) {
        const again = error instanceof Offline || (error instanceof Failed && RETRIED.has(error.status));
        if (!again || attempt === ATTEMPTS) throw error;
        await wait(400 * 3 ** (attempt - 1) * (0.5 + Math.random()), this.signal);
      }
    }
  }

  /**
   * @template Answer
   * @param {string} path
   * @param {unknown} body
   * @returns {Promise<Answer>}
   */
  post(path, body) {
    return this.#send(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  }

  /** @param {string} path @param {RequestInit} options */
  async #send(path, options) {
    const token = typeof this.token === "function" ? await this.token() : this.token;
    const headers = { Authorization: `Bearer ${token}`, "Accept-Language": this.language, ...options.headers };
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(TIMEOUT)]);
    let response, body;
    try {
      response = await fetch(this.base + path, { ...options, headers, signal, cache: "no-store", credentials: "omit" });
      body = await response.json().catch(() => ({}));
    } catch (error) {
      this.signal.throwIfAborted();
      throw new Offline(String(error));
    }
    if (response.status === 401) throw new Expired();
    if (!response.ok) throw new Failed(response.status, String(body.type ?? "").split(":").pop() ?? "", body.detail ?? body.message ?? "");
    return body;
  }
}

/**
 * A path of the API; what is put into it is encoded.
 * @param {TemplateStringsArray} texts
 * @param {...string} ids
 */
export function path(texts, ...ids) {
  return String.raw({ raw: texts }, ...ids.map(encodeURIComponent));
}

/** @param {number} milliseconds @param {AbortSignal} signal @returns {Promise<void>} */
export function wait(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

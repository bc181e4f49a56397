/** Documents and exports: a link from the API, then the browser's own download. */

import { Failed, path, wait } from "./api.js";

/** @import { Api } from "./api.js" */
/** @import { Export, ExportScope, Link } from "./types.d.ts" */

/** @param {Api} api @param {string} certificateId */
export async function download(api, certificateId) {
  /** @type {Link} */
  const link = await api.get(path`/v1/certificates/${certificateId}/download`);
  save(link.url);
}

/**
 * Ask for an archive, wait until it is made, and save it.
 * @param {Api} api
 * @param {string} company
 * @param {ExportScope} scope
 * @param {(made: Export) => void} report Called with each state on the way.
 */
export async function exportArchive(api, company, scope, report) {
  const exports = path`/v1/companies/${company}/exports`;
  /** @type {Export} */
  let made = await api.post(exports, scope);
  for (let pause = 400; made.status === "queued" || made.status === "running"; pause = Math.min(pause * 1.5, 5_000)) {
    report(made);
    await wait(pause, api.signal);
    made = await api.get(`${exports}/${encodeURIComponent(made.export_id)}`);
  }
  if (made.status === "done" && !made.url) made = await api.get(`${exports}/${encodeURIComponent(made.export_id)}`);
  if (!made.url) throw new Failed(409, made.reason ?? "failed", "");
  report(made);
  save(made.url);
}

/** The link answers with an attachment: the page stays. @param {string} url */
function save(url) {
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.rel = "noreferrer";
  anchor.click();
}

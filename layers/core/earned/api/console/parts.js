/** Parts that several elements show. */

import { ago, day } from "./dates.js";
import { h } from "./dom.js";
import { fill } from "./messages.js";
import { download } from "./transfers.js";

/** @import { EarnedElement } from "./element.js" */
/** @import { CertificateOfEnrollment, Enrollment, Requirement, Training } from "./types.d.ts" */

/** @param {Training} training */
export const titleOf = (training) => training.title ?? training.id;

/**
 * One requirement: what, who must act, since when.
 * @param {EarnedElement} element
 * @param {Requirement} requirement
 * @param {boolean} [own] The reader is the learner.
 */
export function requirement(element, { message, who, since }, own = false) {
  const { texts, locale } = element;
  return h("div", { class: "requirement", part: "requirement" },
    h("span", { class: "name" }, message),
    h("span", { class: "quiet small" },
      fill(texts.toAct, { who: own && who === "learner" ? texts.you : texts[who] }), ", ",
      h("time", { datetime: since, title: ago(locale, since) }, fill(texts.since, { date: day(locale, since) }))));
}

/** @param {EarnedElement} element @param {Pick<Enrollment, "status" | "completed_at">} enrollment */
export function status(element, { status, completed_at }) {
  const { texts, locale } = element;
  if (status === "in-progress") return h("span", { class: "badge changed" }, texts.inProgress);
  const on = completed_at && day(locale, completed_at);
  return h("span", { class: "badge good" }, on ? fill(texts.completedOn, { date: on }) : texts.completed);
}

/**
 * The link to a document, or why there is none.
 * @param {EarnedElement} element
 * @param {CertificateOfEnrollment} certificate
 * @param {string} of What the link is for, in words for screen readers.
 */
export function certificate(element, { certificate_id, status }, of) {
  const { texts } = element;
  if (status !== "issued") return h("span", { class: "badge bad" }, status === "withdrawn" ? texts.withdrawn : texts.revoked);
  /** @param {Event} event */
  const onclick = (event) => {
    event.preventDefault();
    element.perform(async () => {
      element.say(texts.downloading);
      await download(element.api, certificate_id);
      element.said = "";
    });
  };
  return h("a", { href: "#", onclick, part: "download", "aria-label": `${texts.download}: ${of}` }, texts.download);
}

/**
 * The link to LinkedIn's form for a certification, filled in; nothing is sent before the person follows it.
 * @param {EarnedElement} element
 * @param {CertificateOfEnrollment} certificate With an issuer and a link for the person who holds it only.
 * @param {string} title
 */
export function addToProfile({ texts }, { certificate_id, status, issued_at, issuer, verify_url }, title) {
  if (status !== "issued" || !issuer || !verify_url) return null;
  const issued = new Date(issued_at);
  const fields = new URLSearchParams({
    startTask: "CERTIFICATION_NAME",
    name: title,
    organizationName: issuer,
    issueYear: String(issued.getUTCFullYear()),
    issueMonth: String(issued.getUTCMonth() + 1),
    certId: certificate_id,
    certUrl: verify_url,
  });
  const href = `https://www.linkedin.com/profile/add?${fields}`;
  return h("p", {},
    h("a", { href, target: "_blank", rel: "noopener noreferrer", part: "add-to-profile", "aria-label": `${texts.addToProfile}: ${title}` },
      texts.addToProfile));
}

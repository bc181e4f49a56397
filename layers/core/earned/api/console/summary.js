/** The trainings of a company in numbers, each number a filter of the table. */

import { number } from "./dates.js";
import { h } from "./dom.js";
import { fill } from "./messages.js";
import { titleOf } from "./parts.js";

/** @import { EarnedElement } from "./element.js" */
/** @import { TrainingSummary, Who } from "./types.d.ts" */

const SHOWN = 6;
/** @type {[Who, "waitingLearner" | "waitingAdministrator" | "waitingSupport" | "waitingNobody"][]} */
const WAITING = [["learner", "waitingLearner"], ["administrator", "waitingAdministrator"], ["support", "waitingSupport"], ["nobody", "waitingNobody"]];

/** @param {EarnedElement} element @param {TrainingSummary[]} trainings */
export function summary(element, trainings) {
  const cards = trainings.map((one) => card(element, one));
  return h("section", { "aria-labelledby": "summary" },
    h("h2", { id: "summary" }, element.texts.summary),
    h("ul", { class: "cards" }, cards.slice(0, SHOWN)),
    cards.length > SHOWN && h("details", {},
      h("summary", {}, fill(element.texts.more, { count: number(element.locale, cards.length - SHOWN) })),
      h("ul", { class: "cards" }, cards.slice(SHOWN))));
}

/** @param {EarnedElement} element @param {TrainingSummary} training */
function card(element, { training, enrolled, certificates, waiting }) {
  const { texts, locale } = element, title = titleOf(training);
  /** @param {string} label @param {number} count @param {Record<string, string>} filter */
  const line = (label, count, filter) => [
    h("dt", {}, h("button", {
      type: "button",
      class: "link",
      "aria-label": `${label}: ${title}`,
      onclick: () => {
        element.navigate({ training: training.id, status: "", who: "", page: "", ...filter });
        element.shadowRoot?.getElementById("people")?.focus(); // the table may be below what is seen
      },
    }, label)),
    h("dd", {}, number(locale, count)),
  ];
  return h("li", { class: "card", part: "card" },
    h("h3", { class: "name" }, title),
    h("progress", { max: Math.max(enrolled, 1), value: certificates, "aria-label": `${texts.certified}: ${title}` }),
    h("dl", { class: "counts" },
      line(texts.enrolled, enrolled, {}),
      line(texts.certified, certificates, { status: "completed" }),
      WAITING.filter(([who]) => waiting[who] > 0).map(([who, label]) => line(texts[label], waiting[who], { who }))));
}

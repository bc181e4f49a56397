/** Days, moments and ages as the reader's language writes them. */

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

/** @param {string} language @param {string} at A time with its offset; the day is the reader's. */
export function day(language, at) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(at));
}

/** @param {string} language @param {string | Date} at */
export function moment(language, at) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** @param {string} language @param {string} since @param {number} [now] in milliseconds */
export function ago(language, since, now = Date.now()) {
  const seconds = (new Date(since).getTime() - now) / 1_000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["minute", 60];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

/** @param {string} language @param {number} value */
export function number(language, value) {
  return new Intl.NumberFormat(language).format(value);
}

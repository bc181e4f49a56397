/**
 * The texts of the pages: English here, each other language in a module that is fetched where it is read. `{name}` is
 * filled in. Messages about requirements come from the API.
 */

const en = {
  loading: "Loading …",
  asOf: "As of {time}",
  retry: "Try again",
  expiredTitle: "Your sign-in has expired",
  expiredText: "Sign in again to continue. You return to this page.",
  offlineTitle: "No connection",
  offlineText: "The service does not answer. The page tries again by itself.",
  failedTitle: "The service could not answer",
  failedText: "The page tries again by itself. If this lasts, tell support.",
  hiddenTitle: "Nothing here for you",
  hiddenText: "This does not exist, or your account does not give access to it.",
  completed: "Completed",
  completedOn: "Completed on {date}",
  inProgress: "In progress",
  revoked: "Certificate revoked",
  withdrawn: "Certificate withdrawn",
  preparing: "The certificate is being made.",
  toAct: "To act: {who}",
  since: "since {date}",
  more: "and {count} more",
  learner: "Learner", administrator: "Administrator", support: "Support", nobody: "Nobody", you: "You",
  summary: "Trainings",
  enrolled: "Enrolled",
  certified: "Certified",
  waitingLearner: "In progress",
  waitingAdministrator: "Waiting for attendance",
  waitingSupport: "Waiting for support",
  waitingNobody: "Not due yet",
  tooMany: "There are too many enrollments for a summary. The export lists all of them.",
  people: "People and their trainings",
  search: "Search for a name or training",
  training: "Training",
  status: "Status",
  whoMustAct: "Who must act",
  all: "All",
  person: "Person",
  outstanding: "Outstanding",
  certificate: "Certificate",
  download: "Download certificate",
  addToProfile: "Add to LinkedIn profile",
  downloading: "Preparing the download …",
  exportAll: "Export all as ZIP",
  exportSelected: "Export selection as ZIP",
  exportPerson: "Export this person as ZIP",
  exportHint: "The archive has the certificates, and everybody with what is outstanding as records.xlsx.",
  exporting: "Making the archive. Certificates so far: {count}",
  exported: "The archive is ready. Certificates: {count}. Not included: {failures}.",
  exportFailed: "The archive could not be made. Please try again.",
  exportOutOfDate: "A certificate in the archive was revoked in the meantime. Please export again.",
  rows: "{from}–{to} of {total}",
  rowsSoFar: "{from}–{to}",
  found: "Found: {count}",
  loadingAll: "Reading everybody. So far: {count}",
  atMost: "Only the first {count} are searched. Filter to see others.",
  next: "Next",
  previous: "Previous",
  noMatch: "Nobody matches these filters.",
  noPeople: "Nobody is enrolled yet.",
  clear: "Clear filters",
  select: "Select {name}",
  selectShown: "Select everybody shown",
  selected: "People selected: {count}",
  back: "Back to everybody",
  pending: "What is outstanding",
  done: "What is completed",
  nothingPending: "Nothing is outstanding.",
  noTrainings: "You are not enrolled in any training.",
  companyHolds: "Your company holds the certificate. Ask its administrators for it.",
  unmarked: "Events with missing attendance",
  noneUnmarked: "Attendance is marked at every event that has ended.",
  ended: "Ended {ago}, {date}",
  waiting: "Waiting: {count}",
  showPeople: "Who is waiting",
  company: "Company",
  findPerson: "Find a person",
  emailOrId: "Email or account number",
  diagnose: "Diagnose",
  requests: "Support requests",
  noRequests: "There are no support requests.",
  dropped: "Requests beyond the hourly limit, in the last hour: {count}",
  moreRequests: "Older requests",
  nobodyFound: "No enrollments are known for this person.",
  moreDiagnoses: "More enrollments",
  verdictIssued: "The certificate is there",
  verdictDamaged: "The stored document is missing or damaged",
  verdictRevoked: "The certificate was revoked",
  verdictRemoved: "The enrollment or the account was removed",
  verdictPreparing: "All is completed; the certificate is being made",
  verdictBlocked: "There is no certificate yet",
  account: "Account", enrollment: "Enrollment", number: "Number", revision: "Version", document: "Document",
  intact: "Stored and unchanged",
  missing: "Missing",
  differs: "Differs from what was issued",
  attendance: "Attendance",
  present: "Present", absent: "Absent", notMarked: "Not marked",
  markedBy: "{status}, marked by {who}, {date}",
  whatBlocks: "What blocks",
  nothing: "Nothing",
  whoMayDownload: "Who may download",
  timeline: "What happened",
  reissue: "Reissue",
  reason: "Reason",
  reissueQueued: "A new version is being made.",
  reissueUnchanged: "Nothing that is printed would change, so no new version is made.",
  reissueImpossible: "The certificate was revoked or withdrawn, so it cannot be reissued.",
  title: "Certificates",
  skip: "Skip to the content",
  views: "Pages",
  team: "People",
  progress: "My trainings",
  language: "Language",
  signIn: "Sign in",
  signInAgain: "Sign in again",
  signOut: "Sign out",
  signingIn: "Signing in …",
  signedOut: "You are signed out",
  signInFailed: "Signing in did not work",
  signInFailedText: "The sign-in service refused or does not answer. Please try again.",
  notConfigured: "Signing in is not set up for this address.",
  noRole: "Your account has no page here",
  noRoleText: "Your sign-in names no role that this service knows. Ask the people who run your portal.",
  timelineOf: {
    enrolled: "Enrolled", completed: "Completed", watched: "Watched", graded: "Graded", "attempts-granted": "More attempts granted",
    "marked-present": "Marked present", "marked-absent": "Marked absent", "certificate-held": "Certificate held",
    "certificate-issued": "Certificate issued", "certificate-reissued": "Certificate reissued", "certificate-revoked": "Certificate revoked",
    removed: "Removed", "not-in-training": "Not part of the training",
  },
};

/** @typedef {typeof en} Texts */

/** Each language by its own name. */
export const LANGUAGES = { en: "English", es: "Español", fr: "Français", de: "Deutsch", ar: "العربية", ja: "日本語" };

/** @typedef {keyof typeof LANGUAGES} Language */

/** @type {Record<Exclude<Language, "en">, () => Promise<Texts>>} */
const MODULES = {
  es: async () => (await import("./messages-es.js")).es,
  fr: async () => (await import("./messages-fr.js")).fr,
  de: async () => (await import("./messages-de.js")).de,
  ar: async () => (await import("./messages-ar.js")).ar,
  ja: async () => (await import("./messages-ja.js")).ja,
};

/** @type {Partial<Record<Language, Texts>>} */
const fetched = { en };

/** The first of the tags that there are texts for; English otherwise. @param {...string} tags @returns {Language} */
export function language(...tags) {
  const found = tags.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag && Object.hasOwn(LANGUAGES, tag));
  return /** @type {Language} */ (found ?? "en");
}

/**
 * Fetch a language's texts, or take English where that fails.
 * @param {Language} language
 * @returns {Promise<void> | null} null: they are here
 */
export function fetchTexts(language) {
  if (language === "en" || fetched[language]) return null;
  return MODULES[language]().catch(() => en).then((texts) => void (fetched[language] = texts));
}

/** English until they are fetched. @param {Language} language @returns {Texts} */
export function texts(language) {
  return fetched[language] ?? en;
}

/** How the reader writes dates in a language: `en-GB` for English, where the browser says so. @param {Language} language */
export function locale(language) {
  return navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}

/** @param {Language} language */
export function direction(language) {
  return language === "ar" ? "rtl" : "ltr";
}

/** @param {string} text @param {Record<string, string | number>} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

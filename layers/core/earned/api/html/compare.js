const section = document.getElementById("compare");
const answer = document.getElementById("answer");
const signature = document.getElementById("signature");
const statement = document.getElementById("statement");
const input = document.getElementById("file");
let latest = 0;

async function compare(file) {
  if (!file) return;
  const asked = ++latest;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const digits = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const isSame = digits === section.dataset.sha256;
  const { verdict, values } = await checkSignature(bytes);
  if (asked !== latest) return; // another file was chosen meanwhile
  answer.className = isSame ? "same" : "different";
  answer.textContent = isSame ? section.dataset.same : section.dataset.different;
  signature.className = { valid: "same", invalid: "different" }[verdict] ?? "";
  signature.textContent = section.dataset[verdict];
  show(values);
}

/** What the issuer signed: it may be another certificate's. */
function show(values) {
  statement.hidden = !values;
  if (!values) return;
  const { lang } = document.documentElement;
  const days = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { dateStyle: "long", timeZone: "UTC" });
  const texts = {
    holder: values.get("holder"),
    training: values.get("title"),
    completed_on: days.format(new Date(values.get("completed_on"))),
    number: values.get("certificate").split("/").at(-1).match(/.{1,4}/g).join(" "),
  };
  for (const [name, text] of Object.entries(texts)) statement.querySelector(`[data-name=${name}]`).textContent = text;
}

if (globalThis.crypto?.subtle) {
  section.hidden = false;
  input.addEventListener("change", () => compare(input.files[0]));
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    section.addEventListener(kind, (event) => {
      event.preventDefault();
      section.classList.toggle("target", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") compare(event.dataTransfer.files[0]);
    });
  }
}

const section = document.getElementById("compare");
const answer = document.getElementById("answer");
const input = document.getElementById("file");

async function compare(file) {
  if (!file) return;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const digits = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const isSame = digits === section.dataset.sha256;
  answer.className = isSame ? "same" : "different";
  answer.textContent = isSame ? section.dataset.same : section.dataset.different;
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

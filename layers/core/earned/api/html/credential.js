// The credential in a certificate's PDF, and whether the issuer signed it. Nothing but the issuer's keys is fetched.
// FORM, from the page: the pattern of our credentials, and the lines of their canonical form (RDFC-1.0) by part.

const NAME = /\$\{(\w+)\}/;
const MAX_CREDENTIAL = 100_000;
const DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Reads the values of a credential; what is not in the pattern is refused, so that all of it is under the signature. */
function readCredential(text) {
  const values = new Map();
  const parts = new Set();
  match(FORM.pattern, JSON.parse(text), values, parts);
  const lines = [FORM.quads[""], ...[...parts].map((part) => FORM.quads[part])].join("");
  const names = new Set([...lines.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
  if (values.size !== names.size + 2 || ![...names].every((name) => values.has(name))) throw new Error("members");
  for (const [, name] of lines.matchAll(/<\$\{(\w+)\}/g)) {
    if (/[\x00-\x20<>"{}|^`\\]/.test(values.get(name))) throw new Error("address");
  }
  return { values, quads: filled(lines, values), proof: filled(FORM.proof, values) };
}

function match(pattern, given, values, parts) {
  if (typeof pattern === "string" && NAME.test(pattern)) {
    const [before, name, after] = pattern.split(NAME);
    const isAlike = typeof given === "string" && given.startsWith(before) && given.endsWith(after);
    if (!isAlike || given.length < before.length + after.length) throw new Error("text");
    const value = given.slice(before.length, given.length - after.length);
    if (!values.has(name)) values.set(name, value);
    if (values.get(name) !== value) throw new Error("contradiction");
  } else if (Array.isArray(pattern)) {
    if (!Array.isArray(given) || given.length !== pattern.length) throw new Error("items");
    pattern.forEach((one, place) => match(one, given[place], values, parts));
  } else if (typeof pattern === "object") {
    if (typeof given !== "object" || given === null || Array.isArray(given)) throw new Error("object");
    for (const key of Object.keys(given)) if (!Object.hasOwn(pattern, key)) throw new Error("member");
    for (const key of Object.keys(pattern)) {
      if (Object.hasOwn(given, key)) {
        if (Object.hasOwn(FORM.optional, key)) parts.add(FORM.optional[key]);
        match(pattern[key], given[key], values, parts);
      } else if (!Object.hasOwn(FORM.optional, key)) throw new Error("member");
    }
  } else if (pattern !== given) throw new Error("value");
}

/** The lines in the order of code points: only their ASCII beginnings differ. */
function filled(lines, values) {
  const short = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\" };
  const escape = (one) => short[one] ?? `\\u${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  const text = lines.replace(/\$\{(\w+)\}/g, (_, name) => values.get(name).replace(/[\x00-\x1f"\\\x7f]/g, escape));
  return text.split("\n").filter(Boolean).sort().map((line) => `${line}\n`).join("");
}

/** Whether a key of the issuer's DID document signed the credential; throws NotSupportedError without Ed25519. */
async function isSigned({ values, quads, proof }, issuer) {
  const [did, method] = [values.get("did"), values.get("method")];
  const key = issuer.verificationMethod.find(({ id, controller }) => id === method && controller === did);
  const isUsed = key && issuer.id === did && issuer.assertionMethod.includes(method) && !("revoked" in key);
  if (!isUsed || (key.expires && !(Date.parse(key.expires) > Date.now()))) return false;
  const [code, algorithm, ...raw] = base58(key.publicKeyMultibase);
  if (code !== 0xed || algorithm !== 0x01) return false;
  const hashes = [];
  for (const one of [proof, quads]) {
    hashes.push(...new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(one))));
  }
  const signer = await crypto.subtle.importKey("raw", new Uint8Array(raw), "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", signer, base58(values.get("proof")), new Uint8Array(hashes));
}

function base58(text) {
  if (!/^z[1-9A-HJ-NP-Za-km-z]{1,128}$/.test(text)) throw new Error("base58");
  let number = 0n;
  for (const digit of text.slice(1)) number = number * 58n + BigInt(DIGITS.indexOf(digit));
  const hex = number === 0n ? "" : number.toString(16);
  const bytes = (hex.padStart(hex.length + (hex.length % 2), "0").match(/../g) ?? []).map((one) => parseInt(one, 16));
  return new Uint8Array([...text.slice(1).match(/^1*/)[0]].map(() => 0).concat(bytes));
}

/** The text of the only embedded file of a PDF; null unless there is exactly one that can be read. */
async function embeddedFile(bytes) {
  const text = new TextDecoder("latin1").decode(bytes); // a letter per byte
  const found = [...text.matchAll(/\/Type\s*\/EmbeddedFile\b/g)];
  if (found.length !== 1) return null;
  const begins = /\bstream\r?\n/g;
  begins.lastIndex = found[0].index;
  if (!begins.test(text)) return null;
  const dictionary = text.slice(text.lastIndexOf("obj", found[0].index), begins.lastIndex);
  const length = /\/Length\s+(\d+)(?!\d|\s+\d+\s+R)/.exec(dictionary)?.[1];
  const end = length ? begins.lastIndex + Number(length) : text.indexOf("endstream", begins.lastIndex);
  const data = bytes.slice(begins.lastIndex, end);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await inflated(data, dictionary.includes("/FlateDecode")));
  } catch {
    return null;
  }
}

async function inflated(data, isCompressed) {
  const stream = new Blob([data]).stream();
  const reader = (isCompressed ? stream.pipeThrough(new DecompressionStream("deflate")) : stream).getReader();
  const pieces = [];
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(pieces).arrayBuffer();
    pieces.push(value);
    size += value.length;
    if (size > MAX_CREDENTIAL) throw new Error("size");
  }
}

/** `valid` with the credential's values, `invalid`, `missing`, `unsupported` or `unreachable`. */
async function checkSignature(bytes) {
  const text = await embeddedFile(bytes);
  if (text === null) return { verdict: "missing" };
  let credential, issuer;
  try {
    credential = readCredential(text);
  } catch {
    return { verdict: "invalid" };
  }
  try {
    const answer = await fetch(section.dataset.keys);
    if (!answer.ok) return { verdict: "unreachable" };
    issuer = await answer.json();
  } catch {
    return { verdict: "unreachable" };
  }
  try {
    const isValid = await isSigned(credential, issuer);
    return isValid ? { verdict: "valid", values: credential.values } : { verdict: "invalid" };
  } catch (error) {
    return { verdict: error.name === "NotSupportedError" ? "unsupported" : "invalid" };
  }
}

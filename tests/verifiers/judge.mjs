// Judges credentials by two independent verifiers. Standard input: [{credential, issuer, web: {address: text}}, …].
// Output: for each, {bazaar, consortium}: null if it accepts the credential, else why not. `web` is the whole network.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The packages are in .venv/node/verifiers, the first argument, and not beside this file.
const packages = createRequire(pathToFileURL(`${process.argv[2]}/package.json`));
const load = async (name) => import(pathToFileURL(packages.resolve(name)));

let web = {};
globalThis.fetch = async (request) => {
  const address = String(request.url ?? request);
  const text = web[address];
  return new Response(text ?? "not found", {
    status: text === undefined ? 404 : 200,
    headers: { "content-type": "application/json" },
  });
};

const vc = await load("@digitalbazaar/vc");
const { DataIntegrityProof } = await load("@digitalbazaar/data-integrity");
const { cryptosuite } = await load("@digitalbazaar/eddsa-rdfc-2022-cryptosuite");
const { checkStatus } = await load("@digitalbazaar/vc-bitstring-status-list");
const { verifyCredential } = await load("@digitalcredentials/verifier-core");
const contexts = JSON.parse(readFileSync(process.argv[3]));

// The DID documents and keys of did:web, from `web`; the contexts, as the issuer's users store them.
async function documentLoader(url) {
  if (url in contexts) return { document: contexts[url], documentUrl: url };
  if (url in web) return { document: JSON.parse(web[url]), documentUrl: url };
  const [did, fragment] = url.split("#");
  const [, , host, ...path] = did.split(":");
  const address = `https://${[decodeURIComponent(host ?? ""), ...(path.length ? path : [".well-known"])].join("/")}/did.json`;
  if (!(address in web)) throw new Error(`NotFoundError: ${url}`);
  const document = JSON.parse(web[address]);
  if (fragment === undefined) return { document, documentUrl: url };
  const key = document.verificationMethod.find(({ id }) => id === url);
  if (key === undefined) throw new Error(`NotFoundError: ${url}`);
  return { document: { "@context": "https://w3id.org/security/multikey/v1", ...key }, documentUrl: url };
}

// @digitalbazaar/vc, as its documentation says. Status lists have an issuer of their own: `<issuer>:status`.
async function bazaar({ credential, issuer }) {
  const suite = new DataIntegrityProof({ cryptosuite });
  const status = async (options) => {
    const list = JSON.parse(web[credential.credentialStatus.statusListCredential] ?? "{}");
    if (list.issuer !== `${credential.issuer.id}:status`) return { verified: false, error: new Error("issuer of the status list") };
    const found = await checkStatus({ ...options, verifyMatchingIssuers: false });
    return { ...found, verified: found.verified && found.results.every((one) => one.status === false) };
  };
  const result = await vc.verifyCredential({ credential, suite, documentLoader, checkStatus: status });
  if (!result.verified) return String(result.error?.errors?.[0]?.message ?? result.error ?? "status");
  return credential.issuer.id === issuer ? null : "another issuer";
}

// The Digital Credentials Consortium's verifier, with a registry that has the expected issuer only.
async function consortium({ credential, issuer }) {
  const known = "https://issuers.example/known.json";
  web[known] = JSON.stringify({ registry: { [issuer]: { name: "Northlight Leadership Academy" } } });
  const result = await verifyCredential({
    credential,
    knownDIDRegistries: [{ name: "known", type: "dcc-legacy", url: known }],
  });
  if (result.errors) return result.errors[0].message;
  const failed = result.log.find(({ valid }) => valid !== true);
  if (failed) return `${failed.id}: ${failed.error?.message ?? "no"}`;
  const [schema] = result.additionalInformation.find(({ id }) => id === "schema_check").results;
  return schema.result.valid ? null : `schema: ${JSON.stringify(schema.result.errors)}`;
}

const verdicts = [];
console.log = console.error; // libraries report there
for (const one of JSON.parse(readFileSync(0, "utf8"))) {
  web = one.web;
  verdicts.push({ bazaar: await bazaar(structuredClone(one)), consortium: await consortium(structuredClone(one)) });
}
process.stdout.write(JSON.stringify(verdicts));

/**
 * Signing in with the portal's issuer: OpenID Connect discovery, authorization code with PKCE (RFC 7636). The token stays
 * in memory. Only the verifier, and the place to return to, wait in the tab's session storage, for one round trip.
 */

/** @typedef {{issuer: string, clientId: string, audience: string, scope: string}} Settings */
/** @typedef {{verifier: string, state: string, place: string, tokens: string}} Trip `tokens` is the token endpoint. */
/** @typedef {{authorization_endpoint: string, token_endpoint: string}} Endpoints */

const TRIP = "earned-sign-in";

/** The issuer refused, does not answer, or answers what is not for this page. */
export class SignInFailed extends Error {}

/** The address that the issuer must know as a redirect URI; with the slash, also where a person left it out. */
const here = () => location.origin + location.pathname.replace(/\/?$/, "/");

/** Leave for the issuer's page. @param {Settings} settings @returns {Promise<never>} */
export async function leave({ issuer, clientId, audience, scope }) {
  const { authorization_endpoint, token_endpoint } = await endpoints(issuer);
  const verifier = random(), state = random();
  const challenge = base64(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
  /** @type {Trip} */
  const trip = { verifier, state, place: location.hash, tokens: token_endpoint };
  sessionStorage.setItem(TRIP, JSON.stringify(trip));
  const address = new URL(authorization_endpoint);
  const asked = { response_type: "code", client_id: clientId, redirect_uri: here(), scope, audience, state, code_challenge: challenge, code_challenge_method: "S256" };
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  location.assign(address);
  return new Promise(() => {});
}

/**
 * The token, if this page was opened by the issuer; null if a person opened it. The address is then as it was before.
 * @param {Settings} settings
 * @returns {Promise<string | null>}
 */
export async function arrive({ issuer, clientId }) {
  const answer = new URLSearchParams(location.search), state = answer.get("state");
  /** @type {Trip | null} */
  const trip = JSON.parse(sessionStorage.getItem(TRIP) ?? "null");
  sessionStorage.removeItem(TRIP);
  if (!state) return null;
  history.replaceState(null, "", here() + (trip?.place ?? ""));
  const code = answer.get("code");
  if (!trip || trip.state !== state) return null; // an old address, opened again
  if (!code || (answer.get("iss") ?? issuer) !== issuer) throw new SignInFailed(answer.get("error") ?? "no code");
  const body = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: here(), client_id: clientId, code_verifier: trip.verifier });
  const { access_token } = await json(trip.tokens, { method: "POST", body });
  if (typeof access_token !== "string") throw new SignInFailed("no access token");
  return access_token;
}

/** The claims of a token: what the page shows follows them; what they allow, the API judges. @param {string} token */
export function claims(token) {
  try {
    const bytes = Uint8Array.from(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    return /** @type {Record<string, unknown>} */ (JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return {};
  }
}

/** @param {string} issuer @returns {Promise<Endpoints>} */
function endpoints(issuer) {
  return json(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, {});
}

/** @param {string} address @param {RequestInit} options */
async function json(address, options) {
  try {
    const response = await fetch(address, { ...options, credentials: "omit", cache: "no-store" });
    if (response.ok) return await response.json();
  } catch (error) {
    throw new SignInFailed(String(error));
  }
  throw new SignInFailed(address);
}

const random = () => base64(crypto.getRandomValues(new Uint8Array(32)));

/** @param {Uint8Array} bytes */
function base64(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

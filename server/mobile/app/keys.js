// The keys of one user on this phone. None of them can be read out, by this app either.
import { b64url, joined, sha256, utf8 } from "./bytes.js";

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", namedCurve: "P-256" };
const OCRA_INFO = utf8("challng mobile key 1 ocra");
const PIN_INFO = utf8("challng mobile key 1 pin");
const PIN_ASIDE = utf8("pin");
const IV_BYTES = 12;

/** A new pair that signs every request and every approval. */
export const signingPair = () => crypto.subtle.generateKey(SIGNING, false, ["sign", "verify"]);

/** A public key as an uncompressed point, in base64url. */
export const point = async (publicKey) => b64url(await crypto.subtle.exportKey("raw", publicKey));

/** Sign bytes with a pair's private key: r and s, in base64url. */
export async function sign(pair, bytes) {
  const how = { name: "ECDSA", hash: "SHA-256" };
  return b64url(await crypto.subtle.sign(how, pair.privateKey, bytes));
}

/**
 * Agree on keys with the verifier's half `theirs`, for the registration known by `bearer`.
 *
 * Gives our half `exchange`, the OCRA key and the key under which the PIN travels.
 */
export async function agree(bearer, theirs) {
  const ours = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const them = await crypto.subtle.importKey("raw", theirs, CURVE, false, []);
  const agreed = { name: "ECDH", public: them };
  const shared = new Uint8Array(await crypto.subtle.deriveBits(agreed, ours.privateKey, 256));
  const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  shared.fill(0);
  const salt = await sha256(utf8(bearer));
  const hkdf = (info) => ({ name: "HKDF", hash: "SHA-256", salt, info });
  const hmac = { name: "HMAC", hash: "SHA-256", length: 256 };
  const aes = { name: "AES-GCM", length: 256 };
  return {
    exchange: await point(ours.publicKey),
    ocraKey: await crypto.subtle.deriveKey(hkdf(OCRA_INFO), base, hmac, false, ["sign"]),
    pinKey: await crypto.subtle.deriveKey(hkdf(PIN_INFO), base, aes, false, ["encrypt"]),
  };
}

/** The PIN as it travels: sealed for the verifier alone. */
export async function sealed(pinKey, pin) {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const how = { name: "AES-GCM", iv, additionalData: PIN_ASIDE };
  return b64url(joined(iv, await crypto.subtle.encrypt(how, pinKey, utf8(pin))));
}

// OCRA, the OATH Challenge-Response Algorithm (RFC 6287), complete, on WebCrypto.
//
// What the RFC leaves open is done as in the verifier's own: numeric questions are turned into
// hexadecimal and padded on the right, short session data on the left, and zero digits give the
// whole HMAC as hexadecimal.
import { fromHex, hex, joined, utf8 } from "./bytes.js";

const HASHES = { SHA1: "SHA-1", SHA256: "SHA-256", SHA512: "SHA-512" };
const DIGITS = new Set(["0", "4", "5", "6", "7", "8", "9", "10"]);
const SECONDS = { S: 1, M: 60, H: 3600 };
const QUESTION_BYTES = 128;
const MOST_DIGITS = 309; // 2**1024 has 309 decimal digits
const MAX_64 = 2n ** 64n - 1n;

/** A suite or an input that cannot be used; the message never holds an input. */
export class OcraError extends Error {}

function need(condition, message) {
  if (!condition) throw new OcraError(message);
}

/** Read an OCRASuite (section 6) such as `OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256`. */
export function parse(suite) {
  need(typeof suite === "string", "the suite must be a string");
  const parts = suite.split(":");
  need(parts.length === 3, "a suite has three parts joined by ':'");
  need(parts[0] === "OCRA-1", "a suite begins with 'OCRA-1:'");
  const [hotp, hash, digits, ...more] = parts[1].split("-");
  need(hotp === "HOTP" && !more.length, "the second part of a suite looks like HOTP-SHA256-8");
  need(Object.hasOwn(HASHES, hash ?? ""), "the hash must be SHA1, SHA256 or SHA512");
  need(DIGITS.has(digits), "the number of digits must be 0 or 4 to 10");
  const rest = parts[2].split("-");
  const counter = rest[0] === "C" && Boolean(rest.shift());
  const question = /^Q([ANH])([0-9]{2})$/.exec(rest.shift() ?? "");
  need(question && question[2] >= 4 && question[2] <= 64, "a question must be QA, QN or QH, 04-64");
  const next = (letter) => (rest[0]?.startsWith(letter) ? rest.shift() : null);
  const parsed = {
    suite,
    hash: HASHES[hash],
    digits: Number(digits),
    counter,
    format: question[1],
    length: Number(question[2]),
    pinHash: pinHash(next("P")),
    session: sessionLength(next("S")),
    timestep: timestep(next("T")),
  };
  need(!rest.length, "the data input must be [C-]Qxxx, then P, S, T in this order, each once");
  return parsed;
}

function pinHash(element) {
  if (element === null) return null;
  need(Object.hasOwn(HASHES, element.slice(1)), "a PIN must be PSHA1, PSHA256 or PSHA512");
  return HASHES[element.slice(1)];
}

function sessionLength(element) {
  if (element === null) return null;
  const length = /^S[0-9]{3}$/.test(element) ? Number(element.slice(1)) : 0;
  need(length >= 1 && length <= 512, "session data must be S001 to S512");
  return length;
}

function timestep(element) {
  if (element === null) return null;
  const [, amount, unit] = /^T(0|[1-9][0-9]?)([SMH])$/.exec(element) ?? [];
  const fits = unit === "H" ? amount <= 48 : amount >= 1 && amount <= 59;
  need(fits, "a time-step must be T1S-T59S, T1M-T59M or T0H-T48H");
  return amount * SECONDS[unit];
}

/**
 * Compute the response to a question (section 5).
 *
 * `key` is a CryptoKey for HMAC with the suite's hash, or bytes. `inputs` has `question` and just
 * what the suite names: `counter` and `timestamp` (in steps) as whole numbers or BigInt, `pin`,
 * `session` (text or bytes). Gives digits with leading zeros, or hexadecimal for zero digits.
 */
export async function response(suite, key, inputs) {
  const parsed = parse(suite);
  const { question, counter, pin, session, timestamp } = inputs;
  need(typeof question === "string" && question, "the question has at least one character");
  const parts = [utf8(suite), new Uint8Array(1)];
  if (given(parsed.counter, counter, "counter")) parts.push(eightBytes("counter", counter));
  parts.push(questionBytes(parsed.format, question));
  if (given(parsed.pinHash, pin, "PIN")) {
    need(typeof pin === "string" && pin && !/\p{Surrogate}/u.test(pin), "the PIN must be a text");
    parts.push(await crypto.subtle.digest(parsed.pinHash, utf8(pin)));
  }
  if (given(parsed.session, session, "session")) {
    parts.push(sessionBytes(parsed.session, session));
  }
  if (given(parsed.timestep !== null, timestamp, "timestamp")) {
    parts.push(eightBytes("timestamp", timestamp));
  }
  const hmac = key instanceof CryptoKey ? key : await imported(key, parsed.hash);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", hmac, joined(...parts)));
  return parsed.digits ? truncated(mac, parsed.digits) : hex(mac);
}

function given(wanted, value, name) {
  need(wanted || value === undefined, `a ${name} was given, but the suite has none`);
  need(!wanted || value !== undefined, `the suite asks for a ${name}, and none was given`);
  return Boolean(wanted);
}

function imported(key, hash) {
  need(key instanceof Uint8Array && key.length, "the key must be bytes, at least one");
  return crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
}

/** Dynamic truncation (RFC 4226 section 5.3). */
function truncated(mac, digits) {
  const view = new DataView(mac.buffer);
  const number = view.getUint32(mac.at(-1) & 0x0f) & 0x7fffffff;
  return String(number).padStart(digits, "0").slice(-digits);
}

function eightBytes(name, value) {
  need(typeof value === "bigint" || Number.isSafeInteger(value), `the ${name} is a whole number`);
  const number = BigInt(value);
  need(number >= 0n && number <= MAX_64, `the ${name} must be 0 to 2**64 - 1`);
  return fromHex(number.toString(16).padStart(16, "0"));
}

function questionBytes(format, question) {
  let nibbles;
  if (format === "N") {
    need(/^[0-9]+$/.test(question), "a numeric question has the digits 0 to 9 alone");
    need(question.length <= MOST_DIGITS, "the question is longer than 128 bytes");
    nibbles = BigInt(question).toString(16);
  } else if (format === "H") {
    need(/^[0-9A-Fa-f]+$/.test(question), "a hexadecimal question has 0 to 9 and A to F alone");
    nibbles = question;
  } else {
    need(/^[0-9A-Za-z]+$/.test(question), "an alphanumeric question has letters and digits alone");
    nibbles = hex(utf8(question));
  }
  need(nibbles.length <= 2 * QUESTION_BYTES, "the question is longer than 128 bytes");
  return fromHex(nibbles.padEnd(2 * QUESTION_BYTES, "0"));
}

function sessionBytes(length, session) {
  const isText = typeof session === "string" && !/\p{Surrogate}/u.test(session);
  need(isText || session instanceof Uint8Array, "session data must be a text or bytes");
  const bytes = isText ? utf8(session) : session;
  need(bytes.length <= length, "session data is longer than the suite allows");
  return joined(new Uint8Array(length - bytes.length), bytes);
}

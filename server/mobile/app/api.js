// Calls to the verifier: signed by a key, or under a registration's bearer. No answer is kept.
import { hex, sha256, utf8 } from "./bytes.js";
import { sign } from "./keys.js";
import { _, tag } from "./words.js";

const ROOT = "/api/v1/mobile";
const MOST_SKEW = 60_000;

// Which field a problem is about, where its name says it.
const FIELDS = {
  "token-wrong": "token",
  "token-expired": "token",
  "pin-wrong": "pin",
  "answer-malformed": "answer",
  "answer-wrong": "answer",
};

let skew = 0; // what the phone's clock lacks to the verifier's, in milliseconds

/** What went wrong, in words; `name` is the verifier's, or `no-network`. */
export class Problem extends Error {
  constructor(text, { name = "app", status = 0, field = null, triesLeft = null, retryAfter = null } = {}) {
    super(text);
    Object.assign(this, { name, status, field, triesLeft, retryAfter });
  }

  /** Whether the verifier knows this key no more. */
  get isOver() {
    return this.name === "key-revoked";
  }
}

/** The moment by the verifier's clock, as far as it is known, in milliseconds. */
export const now = () => Date.now() + skew;

/** The header that signs a request. */
async function authorization(key, method, path, body) {
  const at = now();
  const digest = hex(await sha256(utf8(body)));
  const signature = await sign(key.signKey, utf8(`${method}\n${path}\n${at}\n${digest}`));
  return `Challng-Key serial="${key.serial}",at="${at}",signature="${signature}"`;
}

/** Send a request signed by a key; gives the raw answer, a good one. */
export async function signed(key, method, path, content, { signal } = {}) {
  const ask = async () => {
    const body = content === undefined ? "" : JSON.stringify(content);
    const header = await authorization(key, method, ROOT + path, body);
    return send(method, path, body, header, signal);
  };
  let answer = await ask();
  if (answer.status === 401 && clockWasWrong(answer)) answer = await ask();
  return good(answer);
}

/** Send a call of a registration. */
export async function call(method, path, content, bearer) {
  const header = bearer === undefined ? null : `Bearer ${bearer}`;
  return (await good(await send(method, path, JSON.stringify(content ?? {}), header))).json();
}

async function send(method, path, body, header, signal) {
  const headers = { "Accept-Language": tag() };
  if (header) headers.Authorization = header;
  if (body) headers["Content-Type"] = "application/json";
  try {
    return await fetch(ROOT + path, {
      method,
      headers,
      body: body || undefined,
      signal,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(_("The verifier cannot be reached. Check the network, then try again."), {
      name: "no-network",
    });
  }
}

/** A phone whose clock is wrong learns the time from the refusal, and asks once more. */
function clockWasWrong(answer) {
  const theirs = Date.parse(answer.headers.get("date") ?? "");
  if (Number.isNaN(theirs) || Math.abs(theirs - Date.now() - skew) < MOST_SKEW) return false;
  skew = theirs - Date.now();
  return true;
}

async function good(answer) {
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  const name = String(told.type ?? "").replace("urn:challng:problem:", "");
  const texts = [told.said ?? told.detail ?? _("Something failed there. Try again later.")];
  if ("tries_left" in told) texts.push(_("Tries left: %(tries)s.", { tries: told.tries_left }));
  throw new Problem(texts.join(" "), {
    name,
    status: answer.status,
    field: told.field ?? FIELDS[name] ?? null,
    triesLeft: told.tries_left ?? null,
    retryAfter: Number(answer.headers.get("retry-after")) || null,
  });
}

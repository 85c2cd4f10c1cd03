// The logins that wait for this phone, kept up to date while the app is seen.
import { signed } from "./api.js";
import * as push from "./push.js";
import * as store from "./store.js";
import { follow } from "./stream.js";

const changed = new EventTarget();
const waiting = new Map(); // serial -> what the verifier last said of it
const cut = new Map(); // serial -> the problem for which it cannot be asked for now
let following = null;

/** Begin, and end while nobody looks at the app. */
export async function begin(revoked) {
  const start = async () => {
    stop();
    if (document.visibilityState !== "visible") return;
    following = new AbortController();
    const { signal } = following;
    const keys = await store.keys();
    for (const serial of waiting.keys()) {
      if (!keys.some((key) => key.serial === serial)) waiting.delete(serial);
    }
    const lost = (key, problem) => {
      cut.set(key.serial, problem);
      waiting.delete(key.serial);
      changed.dispatchEvent(new Event("change"));
      if (problem.isOver) revoked(key, problem);
    };
    if (!signal.aborted) follow(keys, signal, heard, lost);
  };
  const stop = () => following?.abort();
  document.addEventListener("visibilitychange", start);
  addEventListener("online", start);
  restart = start;
  await start();
  await push.renew(await store.keys());
}

let restart = () => null;

/** Begin anew, with the keys that there are now. */
export const again = () => restart();

/** Ask once for each key, for whoever has just been told that something waits. */
export async function ask() {
  for (const key of await store.keys()) {
    try {
      heard(key, await (await signed(key, "GET", "/pending")).json());
    } catch (problem) {
      cut.set(key.serial, problem);
    }
  }
}

function heard(key, pending) {
  cut.delete(key.serial);
  waiting.set(key.serial, pending);
  changed.dispatchEvent(new Event("change"));
}

/** Forget a login that was decided here, before the verifier says that it waits no more. */
export function decided({ serial, login }) {
  const heardLast = waiting.get(serial);
  if (!heardLast) return;
  const logins = heardLast.logins.filter((each) => each.login !== login);
  waiting.set(serial, { ...heardLast, logins });
}

/** All logins that wait, as {serial, login, details, numbers, expires}. */
export const logins = () =>
  [...waiting].flatMap(([serial, { logins }]) => logins.map((each) => ({ serial, ...each })));

/** Whether a key is locked, as far as the verifier has said. */
export const isLocked = (serial) => waiting.get(serial)?.key.locked ?? false;

/** Whether the verifier has said what waits for a key, or is out of reach. */
export const isHeard = (serial) => waiting.has(serial) || cut.has(serial);

/** Whether the verifier is out of reach for a key. */
export const isCut = (serial) => cut.has(serial);

/** What the verifier says against a key, in words; null where it says nothing. */
export const refused = (serial) => (cut.get(serial)?.status ? cut.get(serial).message : null);

/** Call `seen` at each change, as long as an element is on the screen. */
export function watch(element, seen) {
  const look = () => {
    if (element.isConnected) seen();
    else changed.removeEventListener("change", look);
  };
  changed.addEventListener("change", look);
}

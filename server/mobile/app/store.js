// What stays on the phone, in IndexedDB: a record for each user's key, the language, and the name
// of this installation. A record is {serial, user, element, suite, counter, signKey, ocraKey,
// credentialId, vapid}; the PIN is in none.
import { b64url } from "./bytes.js";

const NAME = "challng-mobile-key";
const INSTALLATION_BYTES = 16;

let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("keys", { keyPath: "serial" });
      request.result.createObjectStore("app");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** Do something with a store; settles when the transaction is complete and on the disk. */
async function within(name, mode, work) {
  const transaction = (await open()).transaction(name, mode, { durability: "strict" });
  const result = work(transaction.objectStore(name));
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  return result.result;
}

/** All keys, by the name of their user. */
export async function keys() {
  const all = await within("keys", "readonly", (store) => store.getAll());
  return all.sort((one, other) => one.user.localeCompare(other.user));
}

/** The key of a serial; undefined where there is none. */
export const key = (serial) => within("keys", "readonly", (store) => store.get(serial));

/** Keep a new key; the same user's older one on this phone goes with it. */
export async function keep(record) {
  const before = (await keys()).filter((each) => each.user === record.user);
  return within("keys", "readwrite", (store) => {
    for (const old of before) store.delete(old.serial);
    return store.put(record);
  });
}

/** Forget a key. */
export const forget = (serial) => within("keys", "readwrite", (store) => store.delete(serial));

/** Take the counter for one passcode: the next is on the disk before this one is given out. */
export async function takeCounter(serial) {
  let taken;
  await within("keys", "readwrite", (store) => {
    const request = store.get(serial);
    request.onsuccess = () => {
      taken = request.result.counter;
      store.put({ ...request.result, counter: taken + 1 });
    };
    return request;
  });
  return taken;
}

/** The language that was chosen here; undefined until one was. */
export const locale = () => within("app", "readonly", (store) => store.get("locale"));

/** Keep the chosen language. */
export const keepLocale = (chosen) =>
  within("app", "readwrite", (store) => store.put(chosen, "locale"));

/** The name of this installation, drawn when it is first asked for. */
export async function installation() {
  const kept = await within("app", "readonly", (store) => store.get("installation"));
  if (kept) return kept;
  const drawn = b64url(crypto.getRandomValues(new Uint8Array(INSTALLATION_BYTES)));
  await within("app", "readwrite", (store) => store.put(drawn, "installation"));
  return drawn;
}

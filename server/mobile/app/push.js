// Notifications: asked for when there is something to notify of, and never needed.
import { Problem, signed } from "./api.js";
import { fromB64url } from "./bytes.js";
import { _ } from "./words.js";

const place = () => navigator.serviceWorker.getRegistration("/mobile-key/");
const isThere = () => "PushManager" in self && "Notification" in self;

/** Whether it makes sense to ask for them: possible here, and not yet decided. */
export const canAsk = () => isThere() && Notification.permission === "default";

/** Whether they are on, or why not, in words. */
export async function state() {
  if (!isThere()) return _("This browser has no notifications.");
  if (Notification.permission === "denied") {
    return _("Notifications are forbidden in the phone's settings.");
  }
  const subscription = await (await place())?.pushManager.getSubscription();
  return subscription ? _("Notifications are on.") : _("Notifications are off.");
}

/** Ask for them, and tell the verifier for each key; gives what came of it in words. */
export async function turnOn(keys) {
  if ((await Notification.requestPermission()) !== "granted") {
    return _("Without notifications: open the app when you log in.");
  }
  try {
    await subscribe(keys);
    return _("Notifications are on.");
  } catch (problem) {
    return problem instanceof Problem
      ? problem.message
      : _("This phone cannot be reached by notifications. Open the app when you log in.");
  }
}

/** Renew what was allowed before; a phone that cannot is no worse off. */
export async function renew(keys) {
  if (!isThere() || Notification.permission !== "granted" || !keys.length) return;
  await subscribe(keys).catch(() => null);
}

async function subscribe(keys) {
  if (!(await place())) throw new Error("no service worker");
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = await pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: fromB64url(keys[0].vapid),
  });
  const { endpoint, keys: theirs } = subscription.toJSON();
  for (const key of keys) await signed(key, "PUT", "/push", { endpoint, keys: theirs });
}

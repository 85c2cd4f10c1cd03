// One user's key on this phone: what it is, its notifications, and taking it off.
import { signed } from "./api.js";
import { facts, go, h, p, show, way } from "./dom.js";
import * as pending from "./pending.js";
import * as push from "./push.js";
import * as store from "./store.js";
import { _ } from "./words.js";

/** The screen of one key. */
export async function user(serial) {
  const key = await store.key(serial);
  if (!key) return go("", { instead: true });
  const state = h("dd", {}, await push.state());
  const list = facts([
    [_("Number of the key"), key.serial],
    [_("Security element"), key.element === "pin" ? _("PIN") : _("Lock of this phone")],
  ]);
  list.append(h("dt", {}, _("Notifications")), state);
  const ask = async (event) => {
    event.target.remove();
    state.textContent = await push.turnOn(await store.keys());
  };
  return show(
    key.user,
    list,
    push.canAsk() ? h("button", { type: "button", onclick: ask }, _("Turn on notifications")) : "",
    way(`remove/${serial}`, _("Remove this user from this phone"), true),
  );
}

/** The screen that asks whether to take a key off. */
export async function remove(serial) {
  const key = await store.key(serial);
  if (!key) return go("", { instead: true });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const here = h("button", { type: "button", class: "second", hidden: true }, _("Remove it here only"));
  here.addEventListener("click", () => gone(key));
  const button = h("button", { type: "button", class: "deny" }, _("Remove"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await signed(key, "DELETE", "/key");
      await gone(key);
    } catch (failed) {
      if (failed.isOver) return gone(key);
      problem.textContent = failed.message;
      problem.hidden = false;
      here.hidden = false;
      button.disabled = false;
    }
    return null;
  });
  return show(
    _("Remove %(user)s?", { user: key.user }),
    p(_("This phone then approves no login of %(user)s any more. You need another device to log in, or you register anew.", { user: key.user })),
    problem,
    button,
    here,
    way(`user/${serial}`, _("Keep it"), true),
  );
}

async function gone(key) {
  await store.forget(key.serial);
  pending.again();
  show(
    _("Removed"),
    p(_("%(user)s is no more on this phone.", { user: key.user }), "said"),
    way("", _("To the first screen")),
  );
}

/** A key that the verifier has ended: it is taken off, and said so. */
export async function ended(key) {
  await store.forget(key.serial);
  show(
    _("This key has ended"),
    p(_("The mobile key of %(user)s was ended: by the support desk, in the portal, or because another phone took its place. It was taken off this phone.", { user: key.user }), "problem"),
    way("", _("To the first screen")),
  );
}

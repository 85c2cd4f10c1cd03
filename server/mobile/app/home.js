// The first screen: what waits, the way to a passcode, and who is on this phone.
import { told } from "./approve.js";
import { h, link, p, show, way } from "./dom.js";
import * as install from "./install.js";
import * as pending from "./pending.js";
import * as store from "./store.js";
import { _ } from "./words.js";

/** The first screen. */
export async function home() {
  const keys = await store.keys();
  return keys.length ? inUse(keys) : empty();
}

function empty() {
  show(
    _("Mobile key"),
    p(_("This app approves your logins: with a tap when there is a network, with a passcode where there is none.")),
    install.offer(),
    way("register", _("Register two-factor")),
    way("register/migrate", _("Move from another phone"), true),
    way("register/reenable", _("Use it again after reinstalling"), true),
  );
}

function inUse(keys) {
  const waiting = h("div", { class: "waiting", role: "status" });
  const list = h("ul", { class: "users" });
  const draw = () => {
    waiting.replaceChildren(...logins(keys));
    list.replaceChildren(...keys.map(entry));
  };
  show(
    _("Mobile key"),
    waiting,
    way("authenticate", _("Authenticate")),
    install.offer(),
    h("h2", {}, _("On this phone")),
    list,
    way("register/beside", _("Add user"), true),
  );
  draw();
  pending.watch(list, draw);
}

function logins(keys) {
  const cards = pending.logins().flatMap((login) => {
    const key = keys.find((each) => each.serial === login.serial);
    const details = key && told(key, login);
    return details
      ? h(
          "div",
          { class: "said" },
          p(_("%(user)s wants to log in, from %(from)s.", { user: details.user, from: details.from })),
          way(`approve/${login.serial}/${login.login}`, _("Look at it")),
        )
      : [];
  });
  if (cards.length) return cards;
  if (keys.some((key) => pending.isCut(key.serial) && !pending.refused(key.serial))) {
    return [p(_("The verifier cannot be reached now. Authenticate works without a network."), "quiet")];
  }
  return [p(_("No login waits."), "quiet")];
}

function entry(key) {
  const problem = pending.isLocked(key.serial)
    ? _("Locked after wrong answers: only the support desk unlocks it.")
    : pending.refused(key.serial);
  const name = link(`user/${key.serial}`, key.user);
  const serial = h("span", { class: "serial" }, key.serial);
  return h("li", {}, name, " ", serial, problem && p(problem, "problem"));
}

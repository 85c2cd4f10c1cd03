// Authenticate: the passcode for a login page's challenge, computed here without any network.
import { go, h, p, show, way, link } from "./dom.js";
import * as element from "./element.js";
import { choice, digits, form, pin } from "./forms.js";
import * as ocra from "./ocra.js";
import * as store from "./store.js";
import { _ } from "./words.js";

const CHALLENGE_DIGITS = 6;

/** The passcode of a key for a challenge; asks the phone's user by the key's element. */
export async function passcode(key, challenge, pin) {
  if (key.element === "webauthn") await element.confirm(key);
  const inputs = { question: challenge };
  if (key.element === "pin") inputs.pin = pin;
  // The counter is spent before the digits are shown: no two passcodes have the same.
  inputs.counter = await store.takeCounter(key.serial);
  return ocra.response(key.suite, key.ocraKey, inputs);
}

/** The screen that asks for the PIN and the challenge. */
export async function authenticate() {
  const keys = await store.keys();
  if (!keys.length) return go("", { instead: true });
  const names = keys.map((key) => [key.serial, key.user]);
  const users =
    keys.length === 1
      ? [h("input", { type: "hidden", name: "serial", value: keys[0].serial }), p(keys[0].user, "who")]
      : choice("serial", _("User name"), names);
  const secret = pin("pin", _("PIN"), {
    hint: _("It cannot be checked here: a passcode from a wrong PIN is refused on the login page, and costs one of your tries."),
  });
  const lock = p(_("The phone then asks for your fingerprint, face or screen lock."), "quiet");
  const follow = () => {
    const chosen = keys.find((key) => key.serial === new FormData(made).get("serial"));
    secret.hidden = chosen?.element !== "pin";
    secret.querySelector("input").disabled = secret.hidden;
    lock.hidden = chosen?.element !== "webauthn";
  };
  const made = form(
    _("Generate passcode"),
    async (values) => {
      const key = keys.find((each) => each.serial === values.serial);
      result(key, await passcode(key, values.challenge, values.pin));
    },
    [
      users,
      secret,
      digits("challenge", _("Challenge"), CHALLENGE_DIGITS, {
        hint: _("The six digits on the login page, behind “Click here if you do not receive the notification”."),
      }),
      lock,
    ],
  );
  made.addEventListener("change", follow);
  follow();
  return show(_("Authenticate"), made, h("p", { class: "quiet" }, link("register/beside", _("Add user"))));
}

/** The digits, in two groups as a card shows them. */
function result(key, digits) {
  const half = digits.length / 2;
  show(
    _("Passcode"),
    p(_("Type it on the login page, as the response of %(user)s:", { user: key.user })),
    h(
      "output",
      { class: "challenge", id: "passcode", "aria-label": [...digits].join(" ") },
      `${digits.slice(0, half)} ${digits.slice(half)}`,
    ),
    p(_("It is good for this challenge alone, and once."), "quiet"),
    way("authenticate", _("Another passcode"), true),
  );
}

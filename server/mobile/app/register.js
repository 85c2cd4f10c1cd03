// The screens of "Register two-factor", one after the other.
import { Problem } from "./api.js";
import { facts, go, h, link, p, show, steps, way } from "./dom.js";
import * as element from "./element.js";
import { choice, digits, field, form, pin } from "./forms.js";
import { number, token } from "./number.js";
import * as pending from "./pending.js";
import * as push from "./push.js";
import { Purpose, Registration } from "./registration.js";
import * as store from "./store.js";
import { _ } from "./words.js";

let run = null;
let made = null;

/** The screens by their places below `register/`. */
export const screens = {
  "": instructions,
  migrate: () => instructions(Purpose.MIGRATE),
  reenable: () => instructions(Purpose.REENABLE),
  beside: () => instructions(Purpose.REGISTER, true),
  password: () => password(),
  number: () => onTheWay(() => number(run)),
  token: () => onTheWay(() => token(run)),
  card: () => onTheWay(card),
  element: () => onTheWay(securityElement),
  done: () => (made ? done() : go("", { instead: true })),
};

function onTheWay(screen) {
  if (run?.told) return screen();
  return go("register", { instead: true });
}

async function instructions(purpose = Purpose.REGISTER, add = false) {
  const [first] = add ? await store.keys() : [];
  run = new Registration(purpose, first);
  const titles = {
    [Purpose.REGISTER]: first ? _("Add user") : _("Register two-factor"),
    [Purpose.MIGRATE]: _("Move from another phone"),
    [Purpose.REENABLE]: _("Use it again after reinstalling"),
  };
  const element = {
    [Purpose.REGISTER]: first
      ? _("You need the PIN that %(user)s uses on this phone.", { user: first.user })
      : _("You choose how this phone makes sure that it is you, and a PIN."),
    [Purpose.MIGRATE]: _("You choose the PIN anew. The old phone stops at that moment."),
    [Purpose.REENABLE]: _("You need the PIN that you chose when you registered."),
  };
  show(
    titles[purpose],
    steps([
      _("Type your user name and your password, as on the login page."),
      _("An SMS brings an activation token of six digits: type it."),
      element[purpose],
    ]),
    p(_("Do this on your own phone alone, and only if its screen lock is set."), "said"),
    way("register/password", _("Continue")),
  );
}

function password() {
  if (!run) return go("register", { instead: true });
  return show(
    _("User name and password"),
    form(
      _("Continue"),
      async ({ username, password }) => {
        await run.begin(username.trim(), password).catch(orAnotherWay);
        go("register/number");
      },
      [
        field("username", _("User name"), { autocomplete: "username", maxlength: 256 }),
        field("password", _("Password"), {
          type: "password",
          autocomplete: "current-password",
          maxlength: 1024,
        }),
      ],
      h("p", { class: "quiet", id: "ways" }),
    ),
  );
}

/** A user who has a phone already, or none yet, is shown the way that fits. */
function orAnotherWay(problem) {
  if (problem.status === 409) {
    const ways =
      run.purpose === Purpose.REGISTER
        ? [
            link("register/migrate", _("Move from another phone")),
            link("register/reenable", _("Use it again after reinstalling")),
          ]
        : [link("register", _("Register two-factor"))];
    document.getElementById("ways").replaceChildren(...ways.flatMap((each) => [each, h("br")]));
  }
  throw problem;
}

async function card() {
  const challenge = await run.card();
  show(
    _("Answer with the card"),
    p(challenge, "challenge"),
    steps([
      _("Hold press on the card until it shows PIN>, and type the card's PIN."),
      _("Type the challenge, then the eight digits that the card shows."),
    ]),
    form(
      _("Continue"),
      async ({ answer }) => {
        await run.answer(answer);
        go("register/element");
      },
      digits("answer", _("Response"), 8),
    ),
  );
}

async function securityElement() {
  if (!run.offer) return go("register/token", { instead: true });
  const canAsk = run.offer.elements.includes("webauthn") && (await element.isThere());
  const isNew = run.offer.pin === "new";
  const hint = isNew
    ? _("4 to 6 letters or digits, capitals count. No date of birth, and no part of a number or an address of yours.")
    : _("The PIN that you have: 4 to 6 letters or digits, capitals count.");
  const elements = [
    ["webauthn", _("Fingerprint, face or screen lock of this phone")],
    ["pin", _("A PIN")],
  ];
  return show(
    _("Security element"),
    form(
      _("Register"),
      async (values) => {
        if (isNew && values.pin !== values.again) {
          throw new Problem(_("The two PINs are not the same: type both again."), { field: "again" });
        }
        made = await run.finish(values.element ?? "pin", values.pin);
        run = null;
        pending.again();
        push.renew([made]);
        go("register/done", { instead: true });
      },
      [
        canAsk ? choice("element", _("How this phone asks that it is you"), elements, "webauthn") : null,
        pin("pin", isNew ? _("New PIN") : _("PIN"), { hint }),
        isNew ? pin("again", _("New PIN again")) : null,
      ].filter(Boolean),
    ),
    p(
      canAsk
        ? _("With a fingerprint, face or screen lock the PIN is your recovery PIN: you need it if the app is lost and installed again. Remember it.")
        : _("The PIN is asked each time you approve a login. It is not kept on this phone."),
      "quiet",
    ),
  );
}

function done() {
  const wanted = push.canAsk();
  const told = h("p", { class: "said", role: "status", hidden: true });
  const ask = async (event) => {
    event.target.disabled = true;
    told.textContent = await push.turnOn([made]);
    told.hidden = false;
  };
  show(
    _("Done"),
    p(_("This phone is now the mobile key of %(user)s.", { user: made.user }), "said"),
    facts([
      [_("Number of the key"), made.serial],
      [_("Security element"), made.element === "pin" ? _("PIN") : _("Lock of this phone")],
    ]),
    wanted ? p(_("Shall this phone show a notification when you log in? It works without, too: open the app, and the login is there.")) : "",
    wanted ? h("button", { type: "button", onclick: ask }, _("Turn on notifications")) : "",
    told,
    way("", _("To the first screen"), wanted),
  );
}

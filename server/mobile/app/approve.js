// Approve or deny a login: a signature over its own details, after its number and the element.
import { Problem, signed } from "./api.js";
import { hex, sha256, utf8 } from "./bytes.js";
import { facts, go, h, p, show, way } from "./dom.js";
import * as element from "./element.js";
import { choice, form, pin } from "./forms.js";
import * as keys from "./keys.js";
import * as ocra from "./ocra.js";
import * as pending from "./pending.js";
import * as store from "./store.js";
import { _, moment } from "./words.js";

const PROOF = "OCRA-1:HOTP-SHA256-8:QH64-PSHA256";

/** Send a verdict on a login; `number` and `pin` with an approval. */
export async function decide(key, login, verdict, number = null, pin = undefined) {
  const message = utf8(`challng approval 1\n${verdict}\n${number ?? "-"}\n${login.details}`);
  const digest = await sha256(message);
  const body = {
    verdict,
    number,
    signature: await keys.sign(key.signKey, message),
    pin_proof: null,
    assertion: null,
  };
  if (verdict === "approve" && key.element === "pin") {
    body.pin_proof = await ocra.response(PROOF, key.ocraKey, { question: hex(digest), pin });
  } else if (verdict === "approve") {
    body.assertion = await element.sign(key, digest);
  }
  await signed(key, "POST", `/approvals/${login.login}`, body);
  pending.decided(login);
}

/** What a login's details say, for the key that is asked; null where they are not its own. */
export function told(key, login) {
  const details = JSON.parse(login.details);
  const own = details.user === key.user && details.serial === key.serial;
  return own && details.login === login.login ? details : null;
}

/** The screen of a login that waits. */
export async function approve(serial, id) {
  if (!pending.isHeard(serial)) return first();
  const login = pending.logins().find((each) => each.serial === serial && each.login === id);
  const key = login && (await store.key(login.serial));
  const details = key && told(key, login);
  if (!details) return over();
  const deny = h("button", { type: "button", class: "deny" }, _("Deny"));
  const made = form(
    _("Approve"),
    async (values) => {
      try {
        await decide(key, login, "approve", values.number, values.pin);
      } catch (problem) {
        return counted(problem);
      }
      return end(_("Approved"), _("The login page moves on by itself."));
    },
    [
      choice(
        "number",
        _("Which number does the login page show?"),
        login.numbers.map((each) => [each, each]),
        null,
        "numbers",
      ),
      key.element === "pin"
        ? pin("pin", _("PIN"))
        : p(_("The phone then asks for your fingerprint, face or screen lock."), "quiet"),
    ],
    [deny],
  );
  const problem = made.querySelector(".problem");
  deny.addEventListener("click", async () => {
    deny.disabled = true;
    try {
      await decide(key, login, "deny");
      end(_("Denied"), _("The login was stopped and reported. Was it not you? Then somebody knows your password: change it, and call the support desk."));
    } catch (failed) {
      problem.textContent = failed.message;
      problem.hidden = false;
      deny.disabled = false;
    }
  });
  show(
    _("Is this you?"),
    facts([
      [_("User name"), details.user],
      [_("From"), details.from],
      [_("With"), details.agent],
      [_("When"), moment(details.at)],
    ]),
    made,
    p(_("You are not logging in right now? Then deny."), "quiet"),
  );
  return pending.watch(made, () => {
    const isThere = pending.logins().some((each) => each.login === login.login);
    if (!isThere && !pending.isCut(key.serial) && !made.hasAttribute("aria-busy")) over();
  });
}

/** A refused approval, in words that fit: it is not said which was wrong. */
function counted(problem) {
  if (problem.triesLeft === null) throw problem;
  const wrong = _("The number or the PIN is not right.");
  if (problem.triesLeft > 0) {
    throw new Problem(`${wrong} ${_("Tries left: %(tries)s.", { tries: problem.triesLeft })}`);
  }
  const again = _("This login is over. Start again on the login page, and compare the number.");
  return end(_("Not approved"), `${wrong} ${again}`, "problem");
}

const over = () => end(_("Nothing waits"), _("This login was decided, or its time is over."));

function end(title, text, kind = "said") {
  show(title, p(text, kind), way("", _("To the first screen")));
}

/** Where a notification leads: the first login that waits. */
export async function first() {
  const looking = p(_("Looking for the login…"), "quiet");
  looking.setAttribute("role", "status");
  show(_("One moment"), looking);
  await pending.ask();
  if (!looking.isConnected) return;
  const [login] = pending.logins();
  if (login) go(`approve/${login.serial}/${login.login}`, { instead: true });
  else over();
}

// Where the activation token goes, and typing it when it has come: two screens of registering.
import { go, h, p, show, way } from "./dom.js";
import { choice, digits, field, form } from "./forms.js";
import { _, spoken } from "./words.js";

/** Choose the phone number that the SMS goes to. */
export async function number(run) {
  const { numbers, may_add_number: mayAdd, card: hasCard } = run.told;
  const known = numbers.map((each) => [each.id, each.shown]);
  const other = h("div", { id: "other", hidden: numbers.length > 0 }, mayAdd && (await another()));
  const options = mayAdd ? [...known, ["", _("Another number")]] : known;
  const choose = known.length
    ? choice("number", _("Phone number"), options, numbers[0].id)
    : null;
  choose?.addEventListener("change", () => {
    other.hidden = new FormData(choose.form).get("number") !== "";
    for (const each of other.querySelectorAll("input, select")) each.disabled = other.hidden;
  });
  for (const each of other.querySelectorAll("input, select")) each.disabled = other.hidden;
  const byCard = hasCard && way("register/card", _("Answer with the card instead"), true);
  if (!options.length) {
    return show(
      _("Phone number"),
      byCard
        ? p(_("No SMS is sent for this: your card proves that it is you."))
        : p(_("There is no phone number on record. Call the support desk."), "problem"),
      byCard || "",
    );
  }
  return show(
    _("Phone number"),
    form(
      _("Get activation SMS"),
      async (values) => {
        await run.send(
          values.number
            ? { number: values.number }
            : { country: values.country, digits: values.digits },
        );
        go("register/token");
      },
      [choose, other].filter(Boolean),
      byCard ? [byCard] : [],
    ),
    p(_("Messages may cost what your phone company asks for them."), "quiet"),
  );
}

async function another() {
  const countries = await (await fetch(`/mobile-key/countries/${spoken()}.json`)).json();
  const select = h(
    "select",
    { id: "country", name: "country", required: true },
    h("option", { value: "" }, _("Choose the country")),
    countries.map(([code, name, calling]) => h("option", { value: code }, `${name} (+${calling})`)),
  );
  return [
    h("div", { class: "field" }, h("label", { for: "country" }, _("Country")), select),
    field("digits", _("Number"), {
      hint: _("Digits alone: no spaces, and no 0 in front that is dialled only inside the country."),
      inputmode: "numeric",
      autocomplete: "tel-national",
      pattern: "[0-9]{4,15}",
      maxlength: 15,
    }),
  ];
}

/** Type the six digits of the SMS, or have it sent again. */
export function token(run) {
  if (!run.sent) return go("register/number", { instead: true });
  const again = h("button", { type: "button", class: "second" }, _("Send it again"));
  const told = h("p", { class: "quiet", role: "status" });
  const count = () => {
    again.hidden = run.wait === null;
    again.disabled = run.wait > 0;
    again.textContent = again.disabled
      ? _("Send it again in %(seconds)s s", { seconds: run.wait })
      : _("Send it again");
    if (again.disabled) setTimeout(() => again.isConnected && count(), 1000);
  };
  again.addEventListener("click", async () => {
    again.disabled = true;
    try {
      await run.again();
      told.textContent = _("It was sent again. An older message counts no more.");
    } catch (problem) {
      told.textContent = problem.message;
    }
    count();
  });
  show(
    _("Activation token"),
    p(_("An SMS is on its way to %(number)s.", { number: run.sent.shown })),
    form(
      _("Continue"),
      async ({ token }) => {
        await run.token(token);
        go("register/element");
      },
      digits("token", _("Activation token"), 6, { autocomplete: "one-time-code" }),
      [again, told],
    ),
    p(_("It is good for ten minutes and five tries."), "quiet"),
  );
  return count();
}

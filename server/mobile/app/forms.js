// Forms: labelled fields, problems beside them, one sending at a time.
import { Problem } from "./api.js";
import { h } from "./dom.js";
import { _ } from "./words.js";

/** A labelled text field; `hint` says more, `of` are further attributes of the input. */
export function field(name, label, { hint, type = "text", ...of } = {}) {
  const described = hint ? `${name}-hint` : null;
  const input = h("input", {
    id: name,
    name,
    type,
    required: true,
    autocapitalize: "none",
    autocorrect: "off",
    spellcheck: "false",
    "aria-describedby": described,
    ...of,
  });
  return h(
    "div",
    { class: "field" },
    h("label", { for: name }, label),
    input,
    hint && h("p", { class: "hint", id: described }, hint),
  );
}

/** A field for digits. */
export const digits = (name, label, length, of = {}) =>
  field(name, label, {
    class: "digits",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: length,
    pattern: `[0-9]{${length}}`,
    ...of,
  });

/** A field for the PIN, which no browser is to keep. */
export const pin = (name, label, of = {}) =>
  field(name, label, {
    type: "password",
    class: "digits",
    autocomplete: "off",
    maxlength: 6,
    pattern: "[0-9A-Za-z]{4,6}",
    ...of,
  });

/** A choice of one among few: `options` are [value, label]. */
export const choice = (name, legend, options, chosen, kind = "choices") =>
  h(
    "fieldset",
    { class: kind },
    h("legend", {}, legend),
    options.map(([value, label]) =>
      h(
        "label",
        { class: "option" },
        h("input", { type: "radio", name, value, checked: value === chosen, required: true }),
        h("span", {}, label),
      ),
    ),
  );

/**
 * A form: `content`, a button with `words`, then `more`. `send(values, event)` may throw a Problem,
 * which is shown beside its field, or else on top; what was typed stays, but secrets.
 */
export function form(words, send, content, more = []) {
  const top = h("p", { class: "problem", role: "alert", hidden: true });
  const button = h("button", { type: "submit" }, words);
  const made = h("form", { novalidate: true }, top, content, button, more);
  made.addEventListener("input", () => clear(made, top));
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    clear(made, top);
    const wrong = [...made.elements].find((each) => each.willValidate && !each.validity.valid);
    if (wrong) return beside(made, wrong.name, shape(wrong));
    button.disabled = true;
    made.setAttribute("aria-busy", "true");
    try {
      await send(Object.fromEntries(new FormData(made)), event);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      for (const each of made.querySelectorAll("input[type=password]")) each.value = "";
      if (!beside(made, problem.field, problem.message)) complain(top, problem.message);
    } finally {
      button.disabled = false;
      made.removeAttribute("aria-busy");
    }
  });
  return made;
}

/** Show a problem above a form's fields. */
function complain(top, text) {
  top.textContent = text;
  top.hidden = false;
  top.scrollIntoView({ block: "nearest" });
}

function beside(made, name, text) {
  const input = name && made.elements.namedItem(name);
  if (!input) return false;
  const one = input instanceof RadioNodeList ? input[0] : input;
  const told = h("p", { class: "problem", role: "alert", id: `${name}-problem` }, text);
  one.closest(".field, fieldset").append(told);
  one.setAttribute("aria-invalid", "true");
  one.setAttribute("aria-describedby", `${name}-problem`);
  one.focus();
  return true;
}

function clear(made, top) {
  top.hidden = true;
  for (const told of made.querySelectorAll(".problem[id]")) told.remove();
  for (const input of made.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    const hint = made.querySelector(`#${CSS.escape(input.name)}-hint`);
    if (hint) input.setAttribute("aria-describedby", hint.id);
    else input.removeAttribute("aria-describedby");
  }
}

/** What is wrong with the shape of a field. */
function shape(input) {
  const { validity } = input;
  if (validity.valueMissing) {
    return input.type === "radio" ? _("Choose one of them.") : _("Fill this in.");
  }
  if (input.inputMode === "numeric" && /[^0-9]/.test(input.value)) {
    return _("Type digits alone, no spaces and no signs.");
  }
  if (/[^0-9A-Za-z]/.test(input.value)) return _("Type letters from A to Z and digits alone.");
  return _("This is too short.");
}

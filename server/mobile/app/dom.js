// Elements, and the one screen that is shown.
import { _ } from "./words.js";

/**
 * Make an element: `h("p", { class: "quiet" }, "text", ...)`. A property that begins with `on` is a
 * listener; `true` is an attribute without value; `false`, null and undefined leave it out.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, value);
  }
  const isShown = (child) => child !== null && child !== undefined && child !== false;
  element.append(...children.flat(Infinity).filter(isShown));
  return element;
}

/** A paragraph. */
export const p = (text, kind) => h("p", { class: kind }, text);

/** A link to another screen. */
export const link = (place, text, kind) => h("a", { href: `#/${place}`, class: kind }, text);

/** A link that looks like a button. */
export const way = (place, text, second = false) =>
  link(place, text, second ? "button second" : "button");

/** A list of facts: pairs of a name and a value. */
export const facts = (pairs) =>
  h("dl", { class: "facts" }, pairs.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

/** Numbered steps. */
export const steps = (texts) => h("ol", { class: "steps" }, texts.map((text) => h("li", {}, text)));

/** Go to another screen. */
export function go(place, { instead = false } = {}) {
  const hash = `#/${place}`;
  if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
  else if (instead) location.replace(hash);
  else location.hash = hash;
}

/** Show a screen: its heading has the focus, so that a screen reader says where one is. */
export function show(title, ...content) {
  const heading = h("h1", { tabindex: "-1" }, title);
  const main = document.getElementById("main");
  main.replaceChildren(heading, ...content.flat().filter(Boolean));
  if (location.hash.length > 2 && !main.querySelector("a[href='#/']")) main.prepend(backLink());
  document.title = `${title} · Challng`;
  scrollTo(0, 0);
  heading.focus({ preventScroll: true });
}

const backLink = () => h("p", { class: "back" }, link("", _("Back to the first screen")));

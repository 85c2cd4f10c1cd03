// The language of the app. English stands in the code; every other language comes as
// `words/<locale>.json`, made of the verifier's catalogues, and is kept for offline.
import * as store from "./store.js";

let words = {};
let locale = "en";

/** The languages there are, as [locale, HTML's tag, its own name]. */
export let languages = [];

/** Mark a sentence where it is written; `_` says it where it is shown. */
export const N_ = (message) => message;

/** A sentence in the language of the app, `%(name)s` filled from `values`. */
export function _(message, values = {}) {
  const text = words[message] || message;
  return text.replace(/%\((\w+)\)s/g, (place, name) => values[name]);
}

/** The language now spoken, as HTML and HTTP name it. */
export const tag = () => locale.replace("_", "-");

/** The language now spoken, as the verifier names it. */
export const spoken = () => locale;

/** Speak the language that was chosen here, else the one the page came in. */
export async function begin() {
  const kept = await store.locale();
  if (kept) return speak(kept);
  return choose(document.documentElement.lang.replace("-", "_"));
}

/** Choose a language and keep the choice. */
export async function choose(wanted) {
  await speak(wanted);
  await store.keepLocale(wanted);
}

async function speak(wanted) {
  const answer = await fetch(`/mobile-key/words/${wanted}.json`);
  if (!answer.ok && wanted !== "en") return speak("en"); // a language that is no more
  ({ locale, languages, words } = await answer.json());
  document.documentElement.lang = tag();
}

/** A moment (ISO 8601) as the language writes it, in the phone's own time. */
export const moment = (at) =>
  new Intl.DateTimeFormat(tag() === "en" ? "en-GB" : tag(), {
    dateStyle: "long",
    timeStyle: "medium",
  }).format(new Date(at));

// The app put together: its language, its places, and what goes on while it is open.
import { approve, first } from "./approve.js";
import { h, p, show } from "./dom.js";
import { home } from "./home.js";
import { keepOffline } from "./install.js";
import { authenticate } from "./passcode.js";
import * as pending from "./pending.js";
import { screens as registering } from "./register.js";
import { ended, remove, user } from "./users.js";
import * as words from "./words.js";
import { _ } from "./words.js";

const places = {
  "": home,
  authenticate,
  pending: first,
  approve,
  user,
  remove,
  register: (step = "") => (registering[step] ?? home)(),
};

function follow() {
  const [place, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return (places[place] ?? home)(...rest.map(decodeURIComponent));
}

function foot() {
  const tongue = ([locale, tag, name]) =>
    h(
      "button",
      {
        type: "button",
        class: "tongue",
        lang: tag,
        "aria-current": tag === words.tag() ? "true" : null,
        onclick: async () => {
          await words.choose(locale);
          foot();
          follow();
        },
      },
      name,
    );
  const help = document.querySelector("link[rel=help]").href;
  document.getElementById("foot").replaceChildren(
    h("p", {}, h("a", { class: "help", href: help }, _("Help"))),
    p(_("We never ask for your PIN or a passcode by phone or mail.")),
    h(
      "div",
      { class: "languages", role: "group", "aria-label": _("Language") },
      h("span", {}, _("Language")),
      words.languages.map(tongue),
    ),
  );
}

async function begin() {
  if (!isSecureContext || !crypto.subtle || !window.indexedDB) {
    return show(_("Mobile key"), p(_("This browser cannot keep keys safely. Open this page by https, in a newer browser, and not in a private window."), "problem"));
  }
  await words.begin();
  foot();
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    if (event.target.closest("a")?.getAttribute("href") === location.hash) follow();
  });
  await follow();
  await keepOffline().catch(() => null); // without it the app works with a network
  return pending.begin(ended);
}

function failed() {
  show(_("Something failed"), p(_("Something failed on this phone. Close the app, and open it again."), "problem"));
}

addEventListener("unhandledrejection", failed);
begin().catch(failed);

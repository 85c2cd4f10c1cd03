// Installing the app, and taking up a new version of it.
import { h, p } from "./dom.js";
import { _ } from "./words.js";

let prompt = null;

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  prompt = event;
  document.getElementById("install")?.removeAttribute("hidden");
});

const isInstalled = () =>
  matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;

/** What leads to an installed app: the browser's own prompt, or how it is done by hand. */
export function offer() {
  if (isInstalled()) return "";
  if ("standalone" in navigator) {
    return p(_("Install it first: Share, then Add to Home Screen. Then open it from there."), "said");
  }
  const ask = async (event) => {
    event.target.hidden = true;
    await prompt.prompt();
    prompt = null;
  };
  return h("button", { type: "button", id: "install", class: "second", hidden: !prompt, onclick: ask }, _("Install this app"));
}

/** Keep the app for offline; a new version is taken up when its user says so. */
export async function keepOffline() {
  if (!("serviceWorker" in navigator)) return;
  const worker = navigator.serviceWorker;
  const had = Boolean(worker.controller);
  worker.addEventListener("controllerchange", () => had && location.reload());
  worker.addEventListener("message", ({ data }) => {
    if (data.open) location.hash = data.open;
  });
  const place = await worker.register("/mobile-key/sw.js", {
    scope: "/mobile-key/",
    updateViaCache: "none",
  });
  const look = () => place.waiting && had && offerUpdate(place.waiting);
  look();
  place.addEventListener("updatefound", () => {
    place.installing?.addEventListener("statechange", look);
  });
}

function offerUpdate(waiting) {
  const take = () => waiting.postMessage("take over");
  document.getElementById("update").replaceChildren(
    h("p", {}, _("There is a new version of this app.")),
    h("button", { type: "button", onclick: take }, _("Take it")),
  );
}

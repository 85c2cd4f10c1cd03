// The service worker: the app without a network, and its notifications.
//
// Only the app's own files are kept (`files.js` names them and their version). What the verifier
// answers is never kept here, and never passes through here.
"use strict";

importScripts("/mobile-key/files.js"); // gives self.APP = {version, files}

const CACHE = `app ${self.APP.version}`;
const SHELL = "/mobile-key/";
const TAG = "login";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) =>
      cache.addAll(self.APP.files.map((file) => new Request(file, { cache: "reload" }))),
    ),
  );
});

self.addEventListener("activate", (event) => {
  const clear = async () => {
    const old = (await caches.keys()).filter((name) => name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clear());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  const kept = event.request.mode === "navigate" ? SHELL : pathname;
  if (event.request.method !== "GET" || !self.APP.files.includes(kept)) return;
  if (event.request.mode === "navigate" && pathname !== SHELL) return;
  event.respondWith(
    caches.open(CACHE).then(async (cache) => (await cache.match(kept)) ?? fetch(event.request)),
  );
});

self.addEventListener("push", (event) => {
  event.waitUntil(notify(event.data?.json() ?? {}));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});

async function notify({ user, from }) {
  const { _, tag } = await language();
  await self.registration.showNotification(_("Log in to Challng?"), {
    body: user ? `${user} · ${from}` : "",
    lang: tag,
    tag: TAG,
    renotify: true,
    requireInteraction: true,
    icon: "/mobile-key/icons/192.png",
    badge: "/mobile-key/icons/badge.png",
  });
}

/** Show the app where it is open, else open it, where the login waits. */
async function open() {
  const [window] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!window) return self.clients.openWindow(`${SHELL}#/pending`);
  window.postMessage({ open: "#/pending" });
  return window.focus().catch(() => null); // the browser may not allow it
}

/** The language that was chosen in the app, and its words. */
async function language() {
  const locale = (await chosen()) ?? "en";
  const answer = await caches.match(`/mobile-key/words/${locale}.json`);
  const words = answer ? (await answer.json()).words : {};
  return { _: (message) => words[message] || message, tag: locale.replace("_", "-") };
}

function chosen() {
  return new Promise((resolve) => {
    const request = indexedDB.open("challng-mobile-key", 1);
    request.onupgradeneeded = () => request.transaction.abort(); // the app was never opened
    request.onerror = () => resolve(undefined);
    request.onsuccess = () => {
      const app = request.result.transaction("app").objectStore("app");
      const got = app.get("locale");
      got.onsuccess = () => resolve(got.result);
      got.onerror = () => resolve(undefined);
      app.transaction.oncomplete = () => request.result.close();
    };
  });
}

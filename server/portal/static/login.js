// Counts the challenge's remaining seconds, moves on when the phone has answered, and lets a form go
// out once. The pages work without it.
"use strict";

const left = document.getElementById("left");
if (left) {
  const ends = performance.now() + 1000 * Number(left.dataset.seconds);
  const show = () => {
    const seconds = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    left.textContent = ` · ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} ${left.dataset.words}`;
    left.hidden = false;
    if (seconds === 0) {
      document.getElementById("expired").hidden = false;
      const button = document.querySelector("main form:not(.choice) button");
      if (button) button.disabled = true;
    } else {
      setTimeout(show, 250);
    }
  };
  show();
}

const waiting = document.getElementById("waiting");
if (waiting) {
  const events = new EventSource(waiting.dataset.events);
  events.addEventListener("state", (event) => {
    const { state } = JSON.parse(event.data);
    if (state === "open") return;
    events.close();
    if (state === "expired") return; // the page says so itself
    waiting.textContent = waiting.dataset.done;
    location.replace(location.pathname);
  });
  events.addEventListener("error", () => {
    // Not taken up again by itself, as where too many are open: look as a page without this does.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  });
}

for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// A page that comes back by the back button can be sent again.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

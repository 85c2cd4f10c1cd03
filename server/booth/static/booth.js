// Keeps the page as the show is: the scene, the glass of the card, the time that is left. What a
// visitor does goes to the booth; what came of it comes back by the stream.
"use strict";

const body = document.body;
const scene = document.getElementById("scene");
const silence = document.getElementById("silence");
const canvas = document.getElementById("glass");
const DOT = 10;
const TOUCH_PAUSE = 3000;

// --- to the booth: one call after the other, so that a key is not let go before it is pressed

let calls = Promise.resolve();

const call = (what, fields = {}) => {
  calls = calls
    .then(() => fetch(`/do/${what}`, {
      method: "POST",
      body: new URLSearchParams({ form: body.dataset.form, ...fields }),
    }))
    .then((answer) => {
      if (answer.status === 403) location.reload(); // another booth has been started since
    })
    .catch(() => {}); // the stream says that the booth is away
  return calls;
};

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(event.target, event.submitter));
  call(event.target.dataset.do, fields);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-digit]");
  if (!button) return;
  const input = document.getElementById("answer");
  const digits = input.value.replaceAll(" ", "");
  const digit = button.dataset.digit;
  const all = digit ? (digits + digit).slice(0, 8) : digits.slice(0, -1);
  input.value = all.length > 4 ? `${all.slice(0, 4)} ${all.slice(4)}` : all;
});

let touched = 0;
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => {
    if (body.dataset.stage === "attract" || performance.now() - touched < TOUCH_PAUSE) return;
    touched = performance.now();
    call("touch");
  });
}

// --- the card's keys: down as long as the finger or the mouse is

const down = new Map();

const lift = (event) => {
  const key = down.get(event.pointerId);
  if (!key) return;
  down.delete(event.pointerId);
  key.classList.remove("down");
  call("up", { key: key.dataset.key });
};

for (const key of document.querySelectorAll("[data-key]")) {
  key.addEventListener("pointerdown", (event) => {
    key.setPointerCapture(event.pointerId);
    down.set(event.pointerId, key);
    key.classList.add("down");
    call("down", { key: key.dataset.key });
  });
  key.addEventListener("pointerup", lift);
  key.addEventListener("pointercancel", lift);
  key.addEventListener("contextmenu", (event) => event.preventDefault());
  // A keyboard presses the button that has the focus.
  key.addEventListener("keydown", (event) => {
    if (event.repeat || (event.key !== " " && event.key !== "Enter")) return;
    event.preventDefault();
    key.classList.add("down");
    call("down", { key: key.dataset.key });
  });
  key.addEventListener("keyup", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    key.classList.remove("down");
    call("up", { key: key.dataset.key });
  });
}

// --- from the booth

const draw = (pixels, width, height) => {
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#04090b";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#d8f4ff";
  const packed = atob(pixels);
  for (let at = 0; at < packed.length; at += 1) {
    const byte = packed.charCodeAt(at);
    for (let bit = 0; byte >> bit; bit += 1) {
      if (!((byte >> bit) & 1)) continue;
      const y = 8 * Math.floor(at / width) + bit;
      pen.fillRect((at % width) * DOT, y * DOT, DOT - 2, DOT - 2);
    }
  }
};

const events = new EventSource("/events");

events.addEventListener("scene", (event) => {
  const { html, stage, language } = JSON.parse(event.data);
  if (document.documentElement.lang !== language) {
    // The words around the scene are in it too.
    location.reload();
    return;
  }
  const answer = document.getElementById("answer");
  const typed = answer && body.dataset.stage === stage ? answer.value : "";
  const tried = scene.querySelectorAll(".problem, .tried li").length;
  scene.innerHTML = html;
  const again = document.getElementById("answer");
  // What was typed stays, unless it has just been refused.
  if (again && scene.querySelectorAll(".problem, .tried li").length === tried) again.value = typed;
  body.dataset.stage = stage;
});

events.addEventListener("card", (event) => {
  const card = JSON.parse(event.data);
  if (!card.simulated || !canvas) return;
  body.toggleAttribute("data-away", !card.there);
  body.dataset.step = card.step || "";
  if (card.shape && canvas.width !== card.shape[0] * DOT) {
    location.reload(); // the card has said only now what it is
    return;
  }
  canvas.setAttribute("aria-label", card.lines.join(" ") || "–");
  if (card.there) draw(card.pixels, canvas.width / DOT);
  for (const key of document.querySelectorAll("[data-key]")) {
    key.classList.toggle("next", key.dataset.key === card.next);
  }
});

events.addEventListener("silence", (event) => {
  const left = JSON.parse(event.data);
  silence.hidden = left === null;
  silence.textContent = left === null ? "" : body.dataset.waits.replace("%(seconds)s", left);
});

events.addEventListener("error", () => {
  body.toggleAttribute("data-away", true);
  if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 2000);
});

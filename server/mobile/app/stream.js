// The open app hears of logins at once, over a stream of each key; with many keys it asks in turn.
import { signed } from "./api.js";

const MOST_STREAMS = 3; // a browser has few connections to one place
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
const ASK_EVERY = 4_000;
const MOST_SILENCE = 40_000; // the verifier says something every 15 seconds
const BREATH = 250;

/** Hear of a key's logins until `signal`: `heard(pending)`, `lost(problem)` when cut off. */
export function follow(keys, signal, heard, lost) {
  const listen = keys.length > MOST_STREAMS ? asking : streaming;
  for (const key of keys) keepOn(key, signal, listen, heard, lost);
}

async function keepOn(key, signal, listen, heard, lost) {
  let wait = FIRST_WAIT;
  while (!signal.aborted) {
    try {
      await listen(key, signal, (pending) => {
        wait = FIRST_WAIT;
        heard(key, pending);
      });
    } catch (problem) {
      if (signal.aborted) return;
      lost(key, problem);
      if (problem.isOver) return;
      await pause(wait, signal);
      wait = Math.min(2 * wait, LONGEST_WAIT);
    }
  }
}

async function asking(key, signal, heard) {
  heard(await (await signed(key, "GET", "/pending", undefined, { signal })).json());
  await pause(ASK_EVERY, signal);
}

async function streaming(key, signal, heard) {
  const answer = await signed(key, "GET", "/events", undefined, { signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await spoken(reader);
    if (done) return pause(BREATH, signal);
    const events = (text + value).replaceAll("\r\n", "\n").split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data:"));
      if (data.length) heard(JSON.parse(data.map((line) => line.slice(5)).join("\n")));
    }
  }
}

/** The next piece of a stream; one that has fallen silent is cut off. */
async function spoken(reader) {
  const timer = setTimeout(() => reader.cancel(), MOST_SILENCE);
  try {
    return await reader.read();
  } finally {
    clearTimeout(timer);
  }
}

const pause = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

// One run through "Register two-factor": what is sent, in its order, and what is kept of it.
//
// It lives in memory alone: whoever closes the app on the way begins anew.
import * as api from "./api.js";
import { fromB64url, utf8 } from "./bytes.js";
import * as element from "./element.js";
import { agree, point, sealed, sign, signingPair } from "./keys.js";
import * as store from "./store.js";

/** What the registration is for. */
export const Purpose = { REGISTER: "register", MIGRATE: "migrate", REENABLE: "reenable" };

export class Registration {
  constructor(purpose, beside = null) {
    this.purpose = purpose;
    this.beside = beside; // another user's key in this app, whose PIN the new one takes over
    this.told = null; // what the verifier said to the password
    this.sent = null; // where the message went, and when another may be asked for
    this.offer = null; // what it said to the right token
  }

  /** User name and password. */
  async begin(username, password) {
    const installation = await store.installation();
    const at = api.now();
    const message = utf8(`challng beside 1\n${username}\n${installation}\n${at}`);
    this.told = await api.call("POST", "/registrations", {
      username,
      password,
      installation,
      phone: phone(),
      purpose: this.purpose,
      beside: this.beside?.serial ?? null,
      beside_at: this.beside ? at : null,
      beside_signature: this.beside ? await sign(this.beside.signKey, message) : null,
    });
    this.bearer = this.told.registration;
  }

  /** Have the message sent to `number`: {number} of those on record, or {country, digits}. */
  async send(number) {
    this.sent = await this.#call("number", number);
    this.sentAt = Date.now();
  }

  /** Have it sent once more. */
  async again() {
    this.sent = { ...this.sent, ...(await this.#call("again")) };
    this.sentAt = Date.now();
  }

  /** Seconds until it may be sent once more; null where it is not sent again. */
  get wait() {
    if (this.sent.again_in === null) return null;
    return Math.max(0, Math.ceil(this.sent.again_in - (Date.now() - this.sentAt) / 1000));
  }

  /** The six digits of the message. */
  async token(token) {
    this.offer = await this.#call("token", { token });
  }

  /** In their place the card: gives the challenge for it. */
  async card() {
    return (await this.#call("card")).challenge;
  }

  /** What the card answered. */
  async answer(answer) {
    this.offer = await this.#call("card/answer", { answer });
  }

  /** The security element (`webauthn` or `pin`) and the PIN; gives the key, which is then kept. */
  async finish(chosen, pin) {
    const body = await this.#body(chosen, pin);
    const done = await this.#call("element", body).catch((problem) => {
      // An answer that was lost is asked for again with the very same body.
      if (problem.name !== "no-network") this.body = null;
      throw problem;
    });
    const record = {
      serial: done.serial,
      user: done.user,
      element: done.element,
      suite: done.suite,
      counter: done.counter,
      vapid: done.vapid,
      signKey: this.signKey,
      ocraKey: this.ocraKey,
      credentialId: body.credential?.id ?? null,
    };
    await store.keep(record);
    navigator.storage?.persist?.();
    return record;
  }

  async #body(chosen, pin) {
    if (this.body?.element === chosen && this.pin === pin) return this.body;
    this.signKey ??= await signingPair();
    if (chosen === "webauthn") this.credential ??= await element.create(this.offer.webauthn);
    const agreed = await agree(this.bearer, fromB64url(this.offer.exchange));
    this.ocraKey = agreed.ocraKey;
    this.pin = pin;
    this.body = {
      element: chosen,
      exchange: agreed.exchange,
      sign_key: await point(this.signKey.publicKey),
      pin: await sealed(agreed.pinKey, pin),
      credential: chosen === "webauthn" ? this.credential : null,
    };
    return this.body;
  }

  #call(step, content) {
    return api.call("POST", `/registrations/${step}`, content, this.bearer);
  }
}

/** What this phone is called at the verifier, such as "Chrome on Android". */
function phone() {
  const told = navigator.userAgentData;
  const agent = navigator.userAgent;
  const find = (known) => known.find(([, pattern]) => pattern.test(agent))?.[0];
  const browser =
    find([
      ["Edge", /Edg/],
      ["Firefox", /Firefox|FxiOS/],
      ["Chrome", /Chrome|CriOS/],
      ["Safari", /Safari/],
    ]) ?? "Browser";
  const system =
    told?.platform ||
    find([
      ["Android", /Android/],
      ["iPhone", /iPhone/],
      ["iPad", /iPad/],
      ["Windows", /Windows/],
      ["macOS", /Mac OS/],
      ["Linux", /Linux/],
    ]);
  return system ? `${browser} on ${system}` : browser;
}

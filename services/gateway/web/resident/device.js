// This device in the register: what stands there is made to be what is wished, again and again until it is. The credential
// is made here and kept before it is sent, so that an answer lost on the way leaves no device behind that nobody owns.

/** @typedef {import("./mine.js").Wishes} Wishes */
/**
 * `asked`: the register may know the credential, whether it answered or not; `device` is "" until it did; `sent` is what it
 * took last, as text.
 * @typedef {{credential: string, asked: boolean, device: string, sent: string}} Kept
 */
/** @typedef {{kind: "register" | "change" | "erase", path: string, method: string, body: string | null} | null} Step */
/** `offline`: no answer yet, it is tried again. `refused`: it was answered no, with this code. */
/** @typedef {{kind: "off" | "saving" | "saved" | "offline" | "refused", code: string, at: number}} State */

const CREDENTIAL_BYTES = 32;
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 60000;
/** In the demo a browser is reached at the stand-in for telephones, by its device's id. */
export const DEMO_ADDRESS = "demo:";

/** @param {Uint8Array} bytes @returns {string} base64url without padding */
export function base64url(bytes) {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @returns {Kept} */
export function newDevice() {
  return { credential: base64url(crypto.getRandomValues(new Uint8Array(CREDENTIAL_BYTES))), asked: false, device: "", sent: "" };
}

/**
 * @param {string | null} text
 * @returns {Kept | null}
 */
export function readDevice(text) {
  try {
    const kept = JSON.parse(text || "null");
    const fits = kept && typeof kept.credential === "string" && kept.credential !== "";
    return fits ? { credential: kept.credential, asked: Boolean(kept.asked), device: kept.device || "", sent: kept.sent || "" } : null;
  } catch (error) {
    return null;
  }
}

/**
 * What is to be asked next, null when all is as wished. `wished` null: the device is to be nowhere.
 * @param {Kept | null} kept
 * @param {Wishes | null} wished
 * @returns {Step}
 */
export function nextStep(kept, wished) {
  if (kept && !kept.device && (wished || kept.asked)) {
    // to be nowhere, somebody whose registration was never answered registers once more, to learn what to delete
    return { kind: "register", path: "/v1/devices", method: "POST", body: JSON.stringify(Object.assign({ credential: kept.credential }, wished)) };
  }
  if (!kept || !kept.device) {
    return null;
  }
  const path = `/v1/devices/${kept.device}`;
  if (!wished) {
    return { kind: "erase", path, method: "DELETE", body: null };
  }
  const body = bodyOf(kept, wished);
  return kept.sent === body ? null : { kind: "change", path, method: "PUT", body };
}

/** @param {Kept} kept @param {Wishes} wished */
function bodyOf(kept, wished) {
  return JSON.stringify(Object.assign({}, wished, { channel: "fcm", address: DEMO_ADDRESS + kept.device, permission: "granted" }));
}

/**
 * What is kept after an answer. A register that does not know us (any more) is told anew; one that has forgotten us as
 * asked leaves nothing here either.
 * @param {Kept} kept
 * @param {NonNullable<Step>} step
 * @param {number} status
 * @param {any} body
 * @returns {{kept: Kept | null, refused: string}}
 */
export function answered(kept, step, status, body) {
  if (step.kind === "erase" && (status === 204 || status === 404)) {
    return { kept: null, refused: "" };
  }
  if (status === 201 && body) {
    return { kept: Object.assign({}, kept, { device: body.device, sent: "" }), refused: "" };
  }
  if (status === 200) {
    return { kept: Object.assign({}, kept, { sent: step.body || "" }), refused: "" };
  }
  if (status === 404) {
    return { kept: Object.assign({}, kept, { device: "", sent: "" }), refused: "" };
  }
  if (status === 401) {
    return { kept: null, refused: "" };
  }
  return { kept, refused: (body && body.code) || `HTTP ${status}` };
}

export class Registration {
  /**
   * @param {{load: () => string | null, save: (text: string | null) => void}} store
   * @param {typeof fetch} ask
   * @param {(state: State) => void} tell
   */
  constructor(store, ask, tell) {
    this.store = store;
    this.ask = ask;
    this.tell = tell;
    this.kept = readDevice(store.load());
    /** @type {Wishes | null} */
    this.wished = null;
    this.busy = false;
    this.failures = 0;
    this.timer = 0;
    /** @type {State} */
    this.state = { kind: "off", code: "", at: 0 };
  }

  /** From now on this is wished; null: to be nowhere. @param {Wishes | null} wished */
  wish(wished) {
    this.wished = wished;
    this.failures = 0;
    return this.settle();
  }

  /** Asks until all is as wished, or the register cannot be reached; then again later. @returns {Promise<void>} */
  async settle() {
    window.clearTimeout(this.timer);
    if (this.busy) {
      return;
    }
    this.busy = true;
    this.kept = readDevice(this.store.load()); // another window of this page may have been at it
    try {
      await this.steps();
    } finally {
      this.busy = false;
    }
  }

  async steps() {
    for (let step = this.next(); step; step = this.next()) {
      this.say("saving", "");
      const answer = await this.send(step);
      if (!answer) {
        return this.later("offline", "");
      }
      if (answer.refused) {
        return this.later("refused", answer.refused);
      }
      this.keep(answer.kept);
    }
    this.failures = 0;
    this.say(this.wished ? "saved" : "off", "");
  }

  next() {
    if (this.wished && !this.kept) {
      this.keep(newDevice());
    }
    return nextStep(this.kept, this.wished);
  }

  /** @param {NonNullable<Step>} step */
  async send(step) {
    const kept = Object.assign({}, /** @type {Kept} */ (this.kept), { asked: true });
    this.keep(kept);
    try {
      const response = await this.ask(step.path, { method: step.method, body: step.body, headers: this.headers(kept) });
      const text = await response.text();
      if (response.status >= 500) {
        return null;
      }
      return answered(kept, step, response.status, text ? JSON.parse(text) : null);
    } catch (error) {
      return null; // no line, or an answer of somebody else: it is asked again
    }
  }

  /** Asks something of the register about this device. @param {string} rest @param {string} method @returns {Promise<any>} null without an answer */
  async about(rest, method) {
    if (!this.kept || !this.kept.device) {
      return null;
    }
    try {
      const response = await this.ask(`/v1/devices/${this.kept.device}${rest}`, { method, headers: this.headers(this.kept) });
      return await response.json();
    } catch (error) {
      return null;
    }
  }

  /** @param {Kept} kept */
  headers(kept) {
    return { "content-type": "application/json", authorization: `Bearer ${kept.credential}` };
  }

  /** @param {Kept | null} kept */
  keep(kept) {
    this.kept = kept;
    this.store.save(kept && JSON.stringify(kept));
  }

  /** @param {"offline" | "refused"} kind @param {string} code */
  later(kind, code) {
    this.failures += 1;
    this.say(kind, code);
    this.timer = window.setTimeout(() => this.settle(), Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * Math.pow(2, this.failures - 1)));
  }

  /** @param {State["kind"]} kind @param {string} code */
  say(kind, code) {
    this.state = { kind, code, at: Date.now() };
    this.tell(this.state);
  }
}

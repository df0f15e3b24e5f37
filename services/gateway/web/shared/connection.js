// The line to the gateway: one websocket, kept alive by jittered retries. What the frames mean is not known here.

/** @typedef {import("./types").Frame} Frame */

/** Full jitter between no wait and this, doubled at each failure: thousands of signs must not return in one second. */
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30000;
/** A line that lived so long has proved itself; shorter ones keep the back-off growing. */
const STABLE_MS = 60000;
/** From the first packet to the welcome. A handshake into a black hole would otherwise wait for minutes. */
const OPEN_MS = 10000;
/** Longer than a heartbeat's interval: a line silent for so long when the network returns has lost something. */
const SILENCE_MS = 17000;
/** A gateway that does not want us back ("protocol", "replaced"): a sign nobody attends asks again all the same. */
const UNWANTED_MS = 60000;

/**
 * How long to wait before the next attempt.
 * @param {number} failures since the line last proved stable, from 1
 * @param {number} chance 0 ≤ chance < 1
 */
export function retryDelayMs(failures, chance) {
  return chance * Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * Math.pow(2, Math.min(failures - 1, 16)));
}

/**
 * How long to wait after a bye.
 * @param {Frame} bye
 * @param {number} chance
 */
export function byeDelayMs(bye, chance) {
  return bye.reconnect === false ? UNWANTED_MS * (1 + chance) : chance * (bye.retry_ms || RETRY_FIRST_MS);
}

/**
 * `hello` makes the first message of each line, `frame` is told every frame, `up` whether a welcome has come and no end.
 * @typedef {{hello: () => object, frame: (frame: Frame) => void, up: (up: boolean) => void}} Listener
 */

export class Connection {
  /**
   * @param {string} url ws:// or wss://
   * @param {Listener} listener
   */
  constructor(url, listener) {
    this.url = url;
    this.listener = listener;
    this.deadMs = OPEN_MS;
    this.failures = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {Frame | null} */
    this.bye = null;
    this.welcomedAt = NaN;
    this.heardAt = 0;
    this.retry = 0;
    window.addEventListener("online", () => this.hurry());
    window.setInterval(() => this.watch(), 500);
  }

  open() {
    window.clearTimeout(this.retry);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.bye = null;
    this.welcomedAt = NaN;
    this.deadMs = OPEN_MS;
    this.heardAt = performance.now();
    socket.onopen = () => this.send(this.listener.hello());
    socket.onmessage = (event) => {
      if (socket === this.socket) {
        this.hear(event.data);
      }
    };
    socket.onclose = () => this.lost(socket);
  }

  /** @param {object} message */
  send(message) {
    if (this.socket && this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify(message));
    }
  }

  /** @param {string} text */
  hear(text) {
    /** @type {Frame} */
    let frame;
    try {
      frame = JSON.parse(text);
    } catch (error) {
      return; // not a frame of this protocol; the digest of the next heartbeat shows what was missed
    }
    this.heardAt = performance.now();
    if (frame.type === "bye") {
      this.bye = frame;
      return;
    }
    const welcome = frame.type === "welcome";
    if (welcome) {
      this.welcomedAt = this.heardAt;
      this.deadMs = 1000 * (frame.dead_s || 40);
    }
    this.listener.frame(frame);
    if (welcome) {
      this.listener.up(true);
    }
  }

  /** Half-open lines make no sound: silence beyond `dead_s` is the end of the line. */
  watch() {
    if (this.socket && performance.now() - this.heardAt > this.deadMs) {
      this.lost(this.socket);
    }
  }

  /** The device says that it has a network again: wait no longer, and trust no line that fell silent meanwhile. */
  hurry() {
    if (this.socket && performance.now() - this.heardAt > SILENCE_MS) {
      this.lost(this.socket);
    }
    if (!this.socket) {
      this.open();
    }
  }

  /** @param {WebSocket} socket */
  lost(socket) {
    if (socket !== this.socket) {
      return;
    }
    this.socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    const stable = performance.now() - this.welcomedAt >= STABLE_MS;
    this.failures = stable ? 0 : this.failures + 1;
    const delay = this.bye ? byeDelayMs(this.bye, Math.random()) : retryDelayMs(this.failures, Math.random());
    this.retry = window.setTimeout(() => this.open(), delay);
    this.listener.up(false);
  }
}

/** The stream's address on the host that served this page. */
export function streamUrl() {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/v1/stream`;
}

/**
 * A name for this tab, the same after a reload, so that a gateway can tell a return from a second sign.
 * @param {string} kind
 */
export function clientId(kind) {
  const key = "hansho.client";
  const made = `${kind}-${Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => `0${byte.toString(16)}`.slice(-2)).join("")}`;
  try {
    const known = sessionStorage.getItem(key);
    sessionStorage.setItem(key, known || made);
    return known || made;
  } catch (error) {
    return made; // a browser that keeps nothing still gets a line
  }
}

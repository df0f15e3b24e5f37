// The device in the register: asked until it stands there as wished, or nowhere.

import assert from "node:assert/strict";
import { test } from "node:test";
import { answered, base64url, newDevice, nextStep, readDevice, Registration } from "../../services/gateway/web/resident/device.js";

globalThis.window ??= { setTimeout: () => 0, clearTimeout: () => undefined };

const WISH = { places: [{ area: "14206", min_rank: 3 }], quiet: null, language: "ja" };
const FRESH = { credential: "c", asked: false, device: "", sent: "" };
const KNOWN = { credential: "c", asked: true, device: "d", sent: "" };

/** A register as the gateway's is, which loses lines as `lose` says: "before" it hears, or "after". */
function aRegister(lose = []) {
  const devices = new Map();
  const said = [];
  const ask = async (path, { method, body, headers }) => {
    const fault = lose.shift();
    said.push(`${method} ${path}`);
    if (fault === "before") {
      throw new TypeError("no line");
    }
    const answer = await answerTo(path, method, JSON.parse(body || "{}"), headers.authorization.replace("Bearer ", ""));
    if (fault === "after") {
      throw new TypeError("no line");
    }
    return answer;
  };
  const answerTo = async (path, method, body, credential) => {
    const device = path.split("/")[3];
    if (method === "POST") {
      devices.set(`d-${body.credential.slice(0, 4)}`, { ...body, credential: body.credential });
      return reply(201, { device: `d-${body.credential.slice(0, 4)}`, credential: body.credential });
    }
    const known = devices.get(device);
    if (!known) {
      return reply(404, { code: "E5432" });
    }
    if (known.credential !== credential) {
      return reply(401, { code: "E5433" });
    }
    if (method === "DELETE") {
      devices.delete(device);
      return reply(204, null);
    }
    devices.set(device, { ...known, ...body });
    return reply(200, body);
  };
  return { devices, said, ask };
}

const reply = (status, body) => ({ status, text: async () => (body === null ? "" : JSON.stringify(body)), json: async () => body });

function aRegistration(register, text = null) {
  const kept = { text };
  const store = { load: () => kept.text, save: (now) => { kept.text = now; } };
  const states = [];
  return { made: new Registration(store, register.ask, (state) => states.push(state.kind)), kept, states };
}

test("the credential is 256 bits in base64url without padding", () => {
  const made = newDevice().credential;
  assert.match(made, /^[A-Za-z0-9_-]{43}$/);
  assert.notEqual(made, newDevice().credential);
  assert.equal(base64url(new Uint8Array([251, 255, 191])), "-_-_");
});

test("what is to be asked follows from what is kept and what is wished", () => {
  assert.equal(nextStep(null, null), null);
  assert.equal(nextStep(null, WISH), null);
  assert.equal(nextStep(FRESH, null), null);
  assert.equal(nextStep(FRESH, WISH).kind, "register");
  assert.equal(JSON.parse(nextStep(FRESH, WISH).body).credential, "c");
  assert.equal(nextStep({ ...FRESH, asked: true }, null).kind, "register");
  assert.equal(nextStep(KNOWN, null).kind, "erase");
  assert.equal(nextStep(KNOWN, WISH).kind, "change");
  assert.equal(nextStep({ ...KNOWN, sent: nextStep(KNOWN, WISH).body }, WISH), null);
  assert.equal(JSON.parse(nextStep(KNOWN, WISH).body).address, "demo:d");
});

test("an answer of the register is taken up, and a refusal is kept apart", () => {
  const step = nextStep(KNOWN, WISH);
  assert.equal(answered(KNOWN, step, 200, {}).kept.sent, step.body);
  assert.equal(answered(KNOWN, step, 404, {}).kept.device, "");
  assert.equal(answered(KNOWN, step, 401, {}).kept, null);
  assert.deepEqual(answered(KNOWN, step, 422, { code: "E5423" }), { kept: KNOWN, refused: "E5423" });
  assert.equal(answered(KNOWN, step, 418, null).refused, "HTTP 418");
  assert.equal(answered(KNOWN, nextStep(KNOWN, null), 404, null).kept, null);
});

test("what was kept is read back, and what is damaged is no device", () => {
  assert.deepEqual(readDevice(JSON.stringify(KNOWN)), KNOWN);
  [null, "", "{", "null", "{}", '{"credential":""}'].forEach((text) => assert.equal(readDevice(text), null));
});

test("a device is registered, given its address, and stands there as wished", async () => {
  const register = aRegister();
  const { made, kept, states } = aRegistration(register);
  await made.wish(WISH);
  const [[device, stands]] = register.devices;
  assert.deepEqual([stands.places, stands.address, stands.permission], [WISH.places, `demo:${device}`, "granted"]);
  assert.equal(states.at(-1), "saved");
  assert.equal(readDevice(kept.text).device, device);
  await made.wish(WISH);
  assert.equal(register.said.length, 2);
});

test("an answer lost on the way leaves one device, and it is ours", async () => {
  const register = aRegister(["after", undefined, "after"]);
  const { made, states } = aRegistration(register);
  await made.wish(WISH);
  assert.equal(states.at(-1), "offline");
  await made.settle();
  await made.settle();
  assert.equal(register.devices.size, 1);
  assert.equal(states.at(-1), "saved");
});

test("whoever turns it off is nowhere, also when the registration was never answered", async () => {
  const register = aRegister(["after"]);
  const { made, kept, states } = aRegistration(register);
  await made.wish(WISH);
  assert.equal(register.devices.size, 1);
  await made.wish(null);
  assert.equal(register.devices.size, 0);
  assert.equal(kept.text, null);
  assert.equal(states.at(-1), "off");
});

test("without a line nothing is lost: it is wished until it stands", async () => {
  const register = aRegister(["before", "before"]);
  const { made, states } = aRegistration(register);
  await made.wish(WISH);
  await made.wish({ ...WISH, language: "en" });
  await made.settle();
  assert.equal(Array.from(register.devices.values())[0].language, "en");
  assert.equal(states.at(-1), "saved");
});

test("a register that forgot us is told anew, under the same name", async () => {
  const register = aRegister();
  const { made } = aRegistration(register);
  await made.wish(WISH);
  const [before] = register.devices.keys();
  register.devices.clear();
  await made.wish({ ...WISH, language: "en" });
  assert.deepEqual(Array.from(register.devices.keys()), [before]);
});

test("another window's change is not undone", async () => {
  const register = aRegister();
  const { made, kept } = aRegistration(register);
  await made.wish(WISH);
  kept.text = null;
  await made.wish(null);
  assert.equal(register.said.at(-1).startsWith("DELETE"), false);
});

test("a refusal is said with its code, and tried again later", async () => {
  const register = { ask: async () => reply(422, { code: "E5423" }) };
  const { made, states } = aRegistration(register);
  await made.wish(WISH);
  assert.equal(states.at(-1), "refused");
  assert.equal(made.state.code, "E5423");
});

test("a gateway in trouble is asked again", async () => {
  const { made, states } = aRegistration({ ask: async () => reply(503, { code: "E5435" }) });
  await made.wish(WISH);
  assert.equal(states.at(-1), "offline");
});

test("nothing is asked about a device that is none", async () => {
  const register = aRegister();
  const { made } = aRegistration(register);
  assert.equal(await made.about("/test", "POST"), null);
  assert.deepEqual(register.said, []);
});

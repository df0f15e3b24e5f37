// Messages for tests, short to write: the gateway's are made in services/gateway/core/message.py.

/** The same words in every language, as they stand in a message. */
export const text = (ja, easy = ja, en = ja) => ({ ja, easy, en });

/** A message of a warning of the weather service, with these fields changed. */
export function message({ name = "警報", ...more } = {}) {
  const said = typeof name === "string" ? text(name) : name;
  const jma = text("気象庁", "きしょうちょう", "JMA");
  return {
    hazard: "landslide", level: null, equivalent: false, order: false, about: text("災害"), name: said, parts: [said.ja], grade: text("警報"),
    action: text("離れてください"), source: jma, sourceShort: jma, verb: text("発表", "だしました", "issued"), sent: "2026-09-01T12:00:00.000Z", drill: false, ...more,
  };
}

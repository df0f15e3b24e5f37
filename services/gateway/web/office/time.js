// Times of day in Japan, as the pages write them.

const FORMAT = new Intl.DateTimeFormat("ja-JP", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "Asia/Tokyo" });

/** @param {number} at milliseconds */
export function clockOf(at) {
  return FORMAT.format(at);
}

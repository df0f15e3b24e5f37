// Drawn for this project: one figure per family of hazards, and one shape per level that says it without colour.

import { svg } from "./dom.js";

/** Lines on a 24 × 24 grid, drawn with round ends in the colour of the text. */
const FIGURES = {
  rain: ["M6.5 13.5a4 4 0 0 1 .4-8 5.5 5.5 0 0 1 10.5 1.3 3.4 3.4 0 0 1 .3 6.7z", "M8 17l-1.2 3.5M12.4 17l-1.2 3.5M16.8 17l-1.2 3.5"],
  slope: ["M2.5 21h19", "M2.5 21V4.500L17.500 21", "M11.600 4.800a2.300 2.300 0 1 1-.01 0z", "M17.300 9.600a2.700 2.700 0 1 1-.01 0z"],
  flood: ["M4.5 11.5V8L12 2.5 19.5 8v3.5M9.7 11.5V8.3h4.6v3.2", "M2 15.5c1.7-1.6 3.3-1.6 5 0s3.3 1.6 5 0 3.3-1.6 5 0 3.3 1.6 5 0", "M2 20.3c1.7-1.6 3.3-1.6 5 0s3.3 1.6 5 0 3.3-1.6 5 0 3.3 1.6 5 0"],
  surge: ["M2 20.5h20", "M2 16c3.5 0 5-2.5 6-5.5S11.500 4 15.500 4c3 0 5 1.900 5 4.200 0 2-1.500 3.200-3.200 3.200-1.400 0-2.400-.8-2.700-2-2.600 1.200-1.100 6.600 7.400 6.600"],
  wave: ["M2 9.500c1.700-2 3.300-2 5 0s3.300 2 5 0 3.300-2 5 0 3.300 2 5 0", "M2 14.500c1.700-2 3.300-2 5 0s3.300 2 5 0 3.300-2 5 0 3.300 2 5 0", "M2 19.500c1.700-2 3.300-2 5 0s3.300 2 5 0 3.300-2 5 0 3.300 2 5 0"],
  wind: ["M2 9h11.500a2.900 2.900 0 1 0-2.800-3.700", "M2 13h16.600a3 3 0 1 1-2.900 3.800", "M2 17h8.200a2.300 2.300 0 1 1-2.200 3"],
  snow: ["M12 2v20M3.340 7l17.320 10M3.340 17L20.660 7", "M9.500 3.500L12 6l2.500-2.500M9.500 20.500L12 18l2.500 2.500M3.200 10.200l3.400-.9-.9-3.400M20.800 13.800l-3.400.9.900 3.400M3.200 13.800l3.400.9-.9 3.400M20.800 10.200l-3.400-.9.900-3.400"],
  thunder: ["M13.500 2L5 13.500h6L9.500 22 19 9.800h-6.300z"],
  fog: ["M4 6.500h16M2 11h14M6.500 15.500H22M4 20h13"],
  cold: ["M10 4a2 2 0 0 1 4 0v9.800a4.500 4.500 0 1 1-4 0z", "M12 17v1.500M17 5.500h4M17 9.500h3"],
  heat: ["M10 4a2 2 0 0 1 4 0v9.800a4.500 4.500 0 1 1-4 0z", "M12 7v11", "M17.500 5.500h3.500M17.500 9.500h2.500"],
  dry: ["M12 2.500c.6 4.600 6 7 6 12a6 6 0 0 1-12 0c0-2.200 1.200-3.900 2.500-5.200.3 1.500 1 2.300 1.700 2.700C10.300 8.800 10.300 5 12 2.500z"],
  tornado: ["M3 4h18M5 8h14M8 12h10M10 16h5M11.500 20h2"],
  quake: ["M2 12h4l2-6 3.500 13L15 5l2.500 10 1.500-3h3"],
  tsunami: ["M2 20.500h20", "M2 17C6 17 7.500 3.500 15 3.500c3.700 0 6 2.200 6.500 4.800-1.700-1.200-4-1.200-5 .4-1.800 3 1.500 8.300 5.500 8.300"],
  volcano: ["M2 21l6-10.500h8L22 21z", "M9.500 10.500c.8 1.500 1.700 1.500 2.500.3.8 1.200 1.700 1.200 2.500-.3", "M12 7V2.500M8.500 7L6.800 3.500M15.500 7l1.700-3.500"],
  gauge: ["M6 2.500v19M6 4.500h4M6 9h3M6 13.500h4", "M12 15.500c1.700-1.600 3.300-1.600 5 0s3.300 1.600 5 0", "M6 20.300c1.700-1.600 3.300-1.600 5 0s3.300 1.600 5 0 3.300-1.600 5 0"],
  person: ["M13.800 2.800a1.900 1.900 0 1 1-.01 0z", "M6 10.500l4-2.700 3 .7-2.500 5.500 4 2.700.5 4.800M10.500 14l-2 4.500H4.500M13 8.500l2 3.300 4 .7"],
  house: ["M3 11.500L12 3.500l9 8", "M5.500 9.500v11h13v-11", "M10 20.500v-6h4v6"],
  notice: ["M12 2.500a9.500 9.500 0 1 1-.01 0z", "M12 11v6M12 7v.3"],
};

const FAMILY = /** @type {{[hazard: string]: keyof typeof FIGURES}} */ ({
  heavy_rain: "rain", landslide: "slope", storm_surge: "surge", flood: "flood", wind: "wind", snowstorm: "snow", wave: "wave",
  heavy_snow: "snow", thunder: "thunder", fog: "fog", dry_air: "dry", avalanche: "slope", snowmelt: "flood",
  low_temperature: "cold", frost: "cold", icing: "snow", snow_accretion: "snow", tornado: "tornado", rainband: "rain",
  record_rain: "rain", heat: "heat", typhoon: "wind", quake: "quake", tsunami: "tsunami", volcano: "volcano", ash: "volcano",
  nankai: "quake", gauge: "gauge", evacuation: "person", shelter: "house", notice: "notice",
});

/** Outlines on a 100 × 100 grid; `at` is where the middle of a figure inside stands. */
const SHAPES = {
  circle: { path: "M50 3a47 47 0 1 1-.01 0z", at: 50, size: 72 },
  triangle: { path: "M50 5q3.500 0 5.500 3.500l41 76q2 3.500 .2 7-1.900 3.500-6 3.500H9.300q-4.100 0-6-3.500-1.800-3.500 .2-7l41-76Q46.500 5 50 5z", at: 65, size: 56 },
  square: { path: "M12 4h76q8 0 8 8v76q0 8-8 8H12q-8 0-8-8V12q0-8 8-8z", at: 50, size: 74 },
  diamond: { path: "M44.500 3.500q5.500-5.500 11 0l41 41q5.500 5.500 0 11l-41 41q-5.500 5.500-11 0l-41-41q-5.500-5.500 0-11z", at: 50, size: 66 },
  octagon: { path: "M30.500 3h39L97 30.500v39L69.500 97h-39L3 69.500v-39z", at: 50, size: 76 },
};

/**
 * The figure of a hazard. It stands beside the hazard's name and is hidden from screen readers.
 * @param {string} hazard
 */
export function icon(hazard) {
  const lines = FIGURES[FAMILY[hazard] || "notice"];
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    lines.map((line) => svg("path", { d: line })),
  );
}

/**
 * A level's shape, filled, with its number inside. The number is text and is read by screen readers.
 * @param {string} shape
 * @param {string} number
 */
export function levelShape(shape, number) {
  const row = Object.entries(SHAPES).filter(([name]) => name === shape).map(([, one]) => one)[0] || SHAPES.square;
  return svg("svg", { class: "shape", viewBox: "0 0 100 100", "data-shape": shape, focusable: "false" }, [
    svg("path", { d: row.path }),
    svg("text", { x: "50", y: String(row.at + row.size * 0.36), "text-anchor": "middle", "font-size": String(row.size) }, [number]),
  ]);
}

/** The sign of something checked and found well. */
export function tick() {
  return svg("svg", { class: "icon tick", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, [
    svg("path", { d: "M12 2.500a9.500 9.500 0 1 1-.01 0z" }),
    svg("path", { d: "M7.500 12.200l3.200 3.200 6-6.400" }),
  ]);
}

/** The sign of a line that is dead or a source that is silent. */
export function gap() {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, [
    svg("path", { d: "M2 8.500a15 15 0 0 1 20 0M5.500 12.500a10 10 0 0 1 13 0M9 16.400a5 5 0 0 1 6 0M12 20v.2M4 3l16 18" }),
  ]);
}

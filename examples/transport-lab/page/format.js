// Numbers as people read them: three digits, and a unit.

import { language, text } from "./texts.js";

/** What is shown where nothing was measured. */
export const none = "–";

function digits(value) {
  const fraction = value >= 100 || value === 0 ? 0 : value >= 10 ? 1 : 2;
  return new Intl.NumberFormat(language, { maximumFractionDigits: fraction }).format(value);
}

function scaled(value, step, units) {
  if (value === undefined || value === null) return none;
  let unit = 0;
  let left = value;
  // What would be shown as 1000 is the next unit's 1.
  while (left >= step * 0.9995 && unit < units.length - 1) {
    left /= step;
    unit++;
  }
  return `${digits(left)} ${units[unit]}`;
}

export const count = (value) => (value === undefined || value === null ? none : digits(value));
export const whole = (value) => new Intl.NumberFormat(language).format(value);
export const bytes = (value) => scaled(value, 1000, ["B", "kB", "MB", "GB"]);
export const bytesPerSecond = (value) => scaled(value, 1000, ["B/s", "kB/s", "MB/s", "GB/s"]);
export const microseconds = (value) => scaled(value, 1000, ["µs", "ms", "s"]);
export const milliseconds = (value) =>
  value === undefined || value === null ? none : microseconds(value * 1000);
export const perSecond = (value) => `${count(value)} ${text.perSecond}`;

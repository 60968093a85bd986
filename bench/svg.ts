/** A coordinate, as short as it can be without being seen. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A text that cannot break out of its element or attribute. */
export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

import type { Spread } from "./statistics.ts";

/** Rows as lines whose columns stand below each other: the first is words, the others are numbers, which end below each other. */
export function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? "";
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

/** Three digits, with spaces between thousands. */
export function formatCount(value: number): string {
  const scale = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, Math.abs(value)))) - 2);
  return `${Math.round(value / scale) * scale}`.replace(/\B(?=(\d{3})+$)/g, " ");
}

/** The median in three digits, and between which values it lies. */
export function formatRatio({ median, min, max }: Spread): string {
  const [middle, low, high] = [median, min, max].map((ratio) =>
    ratio.toFixed(ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2),
  );
  return `${middle} (${low} – ${high})`;
}

/** What the page can change while everything runs. */
export interface LabSettings {
  /** How often the source ticks. */
  readonly ticksPerSecond: number;
  /** The length of each message, which begins with the tick's number and time. */
  readonly payloadBytes: number;
  /** How many clients each transport has, beside the page itself. */
  readonly clients: number;
  /** How long a polling client waits between two requests. */
  readonly pollIntervalMs: number;
}

/** The ends of each setting's range; the page's controls have them too. */
export const settingRanges: Readonly<
  Record<keyof LabSettings, { readonly min: number; readonly max: number }>
> = {
  ticksPerSecond: { min: 0.2, max: 20 },
  payloadBytes: { min: 32, max: 16_384 },
  clients: { min: 0, max: 1000 },
  pollIntervalMs: { min: 100, max: 10_000 },
};

/** What the lab starts with. */
export const defaultSettings: LabSettings = {
  ticksPerSecond: 2,
  payloadBytes: 64,
  clients: 20,
  pollIntervalMs: 1000,
};

const names = Object.keys(settingRanges) as readonly (keyof LabSettings)[];

/**
 * The settings with what `text` changes of them, a JSON object. What is out of its range is put at its end; what is
 * no number, or has a name that is not known, is left out: the page is not told off, its controls show what holds.
 */
export function changeSettings(settings: LabSettings, text: string): LabSettings {
  const changes = parseObject(text);
  const changed: Record<keyof LabSettings, number> = { ...settings };
  for (const name of names) {
    const value = changes[name];
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    const { min, max } = settingRanges[name];
    const inRange = Math.min(max, Math.max(min, value));
    changed[name] = name === "ticksPerSecond" ? inRange : Math.round(inRange);
  }
  return changed;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

import type { LaneOptions } from "./lane.ts";
import { Lane } from "./lane.ts";
import type { Costs } from "./metering/costs.ts";
import { costsBetween } from "./metering/costs.ts";
import type { ClientSample, Sample, ServerSample } from "./metering/samples.ts";
import type { LabSettings } from "./settings.ts";
import { changeSettings, defaultSettings } from "./settings.ts";
import type { TransportName } from "./transports.ts";
import { transports } from "./transports.ts";

/** How often everything is read. */
const sampleIntervalMs = 1000;
/** How many readings are kept: two minutes. */
const pointsMax = 120;
/** Over how long costs are taken, at least. */
const windowMs = 5000;

/** What one transport's processes had counted at a moment, and what it cost lately. */
export interface LanePoint {
  readonly transport: TransportName;
  readonly port: number;
  readonly server: ServerSample;
  readonly clients: Omit<ClientSample, "delays">;
  /** Of the last seconds, `windowPoints` readings back; undefined at the start and after a change of settings. */
  readonly costs: Costs | undefined;
}

/** One reading of all transports. */
export interface LabPoint {
  /** Counted from 1. */
  readonly number: number;
  readonly settings: LabSettings;
  /** To which earlier reading `costs` compare this one. */
  readonly windowPoints: number;
  readonly lanes: readonly LanePoint[];
}

/** All transports at work at the same time under the same settings, and what they cost. */
export class Lab {
  readonly #lanes: readonly Lane[];
  readonly #receivePoint: (point: LabPoint) => void;
  readonly #points: LabPoint[] = [];
  /** The readings since the last change of settings, the newest last. */
  #samples: (readonly Sample[])[] = [];
  #settings: LabSettings = defaultSettings;
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  private constructor(lanes: readonly Lane[], receivePoint: (point: LabPoint) => void) {
    this.#lanes = lanes;
    this.#receivePoint = receivePoint;
  }

  /** Starts all processes. `receivePoint` is called with every reading. */
  static async start(
    options: Omit<LaneOptions, "phase">,
    receivePoint: (point: LabPoint) => void,
  ): Promise<Lab> {
    const lanes = await Promise.all(
      transports.map((transport, index) =>
        Lane.start(transport, { ...options, phase: index / transports.length }),
      ),
    );
    const lab = new Lab(lanes, receivePoint);
    await lab.#configure();
    lab.#schedule();
    return lab;
  }

  get settings(): LabSettings {
    return this.#settings;
  }

  /** The readings of the last two minutes, the newest last. */
  get points(): readonly LabPoint[] {
    return this.#points;
  }

  /** Resolves when a process has ended, which none should of itself. */
  get closed(): Promise<void> {
    return Promise.race(this.#lanes.map(({ closed }) => closed));
  }

  /** Takes new settings as `changeSettings` does. */
  async change(text: string): Promise<void> {
    this.#settings = changeSettings(this.#settings, text);
    await this.#configure();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
  }

  async #configure(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.configure(this.#settings)));
    // What is measured under two settings says nothing about either.
    this.#samples = [];
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      void this.#sample().then(
        () => this.#schedule(),
        (error: unknown) => {
          if (!this.#isStopped) throw error;
        },
      );
    }, sampleIntervalMs);
  }

  async #sample(): Promise<void> {
    const samples = this.#samples;
    const settings = this.#settings;
    const now = await Promise.all(this.#lanes.map((lane) => lane.sample()));
    samples.push(now);
    const windowPoints = Math.min(samples.length - 1, windowOf(settings));
    const before = samples.at(-1 - windowPoints);
    if (samples.length > windowOf(settings) + 1) samples.shift();
    const point: LabPoint = {
      number: ++this.#count,
      settings,
      windowPoints,
      lanes: this.#lanes.map(({ transport, port }, index) => {
        const { server, clients } = now[index]!;
        const { delays: _, ...counters } = clients;
        const costs = windowPoints === 0 ? undefined : costsBetween(before![index]!, now[index]!);
        return { transport, port, server, clients: counters, costs };
      }),
    };
    this.#points.push(point);
    if (this.#points.length > pointsMax) this.#points.shift();
    this.#receivePoint(point);
  }
}

/** So many readings that they span a multiple of the polling interval; costsBetween says why. */
function windowOf({ pollIntervalMs }: LabSettings): number {
  return Math.round((Math.ceil(windowMs / pollIntervalMs) * pollIntervalMs) / sampleIntervalMs);
}

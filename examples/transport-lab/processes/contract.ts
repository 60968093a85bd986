import type { ClientSample, ServerSample } from "../metering/samples.ts";
import type { LabSettings } from "../settings.ts";
import type { TransportName } from "../transports.ts";

/** How a transport's server is started. */
export interface ServerStart {
  readonly transport: TransportName;
  /** The address to listen on; all of this machine's if not given. */
  readonly host?: string;
  /** Pages of other origins that may connect: the lab's own. */
  readonly allowedOrigins: readonly string[];
  /** See TickClock. */
  readonly phase: number;
}

/** What lane-server.ts can be asked. */
export interface ServerCalls {
  start(options: ServerStart): Promise<{ readonly port: number }>;
  configure(settings: Pick<LabSettings, "ticksPerSecond" | "payloadBytes">): void;
  sample(argument?: undefined): ServerSample;
}

/** How a transport's clients are started. */
export interface ClientsStart {
  readonly transport: TransportName;
  readonly origin: string;
}

/** What lane-clients.ts can be asked. */
export interface ClientsCalls {
  start(options: ClientsStart): void;
  configure(settings: Pick<LabSettings, "clients" | "pollIntervalMs">): void;
  sample(argument?: undefined): ClientSample;
}

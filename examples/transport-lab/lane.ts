import type { Sample } from "./metering/samples.ts";
import type { ClientsCalls, ServerCalls, ServerStart } from "./processes/contract.ts";
import type { WorkerCommand } from "./processes/worker.ts";
import { Worker, ownCommand } from "./processes/worker.ts";
import type { LabSettings } from "./settings.ts";
import type { TransportName } from "./transports.ts";

/** How a lane is started: its server's options, and on which programs its processes run. */
export interface LaneOptions extends Omit<ServerStart, "transport"> {
  readonly serverCommand?: WorkerCommand;
  readonly clientsCommand?: WorkerCommand;
}

/**
 * One transport at work: a process with its server and one with its clients. The server has a process to itself so that its processor time is
 * that of this transport and of nothing else.
 */
export class Lane {
  readonly transport: TransportName;
  readonly port: number;
  readonly #server: Worker<ServerCalls>;
  readonly #clients: Worker<ClientsCalls>;

  private constructor(
    transport: TransportName,
    port: number,
    server: Worker<ServerCalls>,
    clients: Worker<ClientsCalls>,
  ) {
    this.transport = transport;
    this.port = port;
    this.#server = server;
    this.#clients = clients;
  }

  /** Rejects when the server cannot listen. */
  static async start(transport: TransportName, options: LaneOptions): Promise<Lane> {
    const { serverCommand = ownCommand, clientsCommand = ownCommand, ...start } = options;
    const server = new Worker<ServerCalls>("lane-server", serverCommand);
    const clients = new Worker<ClientsCalls>("lane-clients", clientsCommand);
    try {
      const { port } = await server.call("start", { transport, ...start });
      const origin = `http://${start.host ?? "localhost"}:${port}`;
      await clients.call("start", { transport, origin });
      return new Lane(transport, port, server, clients);
    } catch (error) {
      await Promise.all([server.stop(), clients.stop()]);
      throw error;
    }
  }

  async configure(settings: LabSettings): Promise<void> {
    await Promise.all([this.#server.call("configure", settings), this.#clients.call("configure", settings)]);
  }

  async sample(): Promise<Sample> {
    const [server, clients] = await Promise.all([this.#server.call("sample"), this.#clients.call("sample")]);
    return { server, clients };
  }

  /** Resolves when one of the two processes has ended, which none should of itself. */
  get closed(): Promise<void> {
    return Promise.race([this.#server.closed, this.#clients.closed]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#server.stop(), this.#clients.stop()]);
  }
}

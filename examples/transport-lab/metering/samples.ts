import type { SocketBytes } from "./socket-meter.ts";

/** All that a transport's server has counted until a moment. */
export interface ServerSample extends SocketBytes {
  /** The shared time of the reading. */
  readonly atMs: number;
  /** HTTP requests, handshakes of WebSockets included. */
  readonly requests: number;
  /** Messages that the handler was told to send, once for each client, and the bytes of their texts. */
  readonly messagesSent: number;
  readonly payloadBytesSent: number;
  readonly messagesReceived: number;
  readonly payloadBytesReceived: number;
  /** Processor time of the whole process, in all its threads. */
  readonly cpuMicroseconds: number;
  /** Clients that the handler has open. */
  readonly open: number;
}

/** All that a transport's simulated clients have counted until a moment. */
export interface ClientSample {
  readonly open: number;
  readonly messages: number;
  /** Ticks that a client did not get between two that it got. */
  readonly missed: number;
  /** Connections that ended otherwise than by their client's wish. */
  readonly failures: number;
  /** Counts of a DelayHistogram. */
  readonly delays: readonly number[];
}

/** Both sides of one transport at about the same moment. */
export interface Sample {
  readonly server: ServerSample;
  readonly clients: ClientSample;
}

import type { FallbackLimits, WebSocketLimits } from "../../base/limits.ts";
import type { SessionKind } from "../../protocol/session/head.ts";
import type { SessionRequest } from "../../protocol/session/request.ts";
import type { AcceptedMessages } from "../../protocol/websocket/message-assembler.ts";
import type { HeartbeatWheel } from "../heartbeat.ts";

/** What a session is made with. */
export interface SessionTransportOptions {
  readonly kind: SessionKind;
  readonly token: string;
  readonly subprotocol: string;
  /** Whether the client acknowledges what it gets; an EventSource does not. */
  readonly acknowledges: boolean;
  readonly accepts: AcceptedMessages;
  readonly limits: WebSocketLimits;
  readonly fallback: FallbackLimits;
  readonly heartbeats: HeartbeatWheel;
  /** Called when it is over and kept only for who asks again. */
  readonly retire: () => void;
  /** Called when nobody can come back for anything. */
  readonly forget: () => void;
}

/** A request, and how it wants to be answered. */
export interface SessionCall extends SessionRequest {
  readonly asStream: boolean;
}

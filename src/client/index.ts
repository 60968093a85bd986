/** The public interface of `waterspout/client`, for browsers and every other place that has `fetch`. */
export type { SocketState, StateChange, StateReason, UrlProvider } from "./connector.ts";
export type { CloseEvent, DroppedEvent, StateChangeEvent } from "./events.ts";
export type { Ending, OutgoingMessage, TransportName } from "./link.ts";
export type { MessageData } from "./message-iteration.ts";
export type { QueueOptions, QueuePolicy, RealtimeSocketOptions, ReconnectOptions } from "./options.ts";
export type { ListenerOptions, RealtimeSocketEventMap, RealtimeSocketListener } from "./realtime-socket.ts";
export { RealtimeSocket } from "./realtime-socket.ts";
export type { WebSocketLike } from "./websocket-link.ts";

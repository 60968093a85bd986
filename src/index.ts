/**
 * Waterspout: a real-time web server. This is the package's main entry; `waterspout/testing` is the other one.
 */
export { Application } from "./app/application.ts";
export type { ListenOptions } from "./app/listen-options.ts";
export { PeriodicCallback } from "./app/periodic-callback.ts";
export type { PeriodicCallbackOptions } from "./app/periodic-callback.ts";
export type { Server } from "./app/server.ts";
export { BodyError } from "./base/body-error.ts";
export type { BytesLike } from "./base/bytes.ts";
export { WaterspoutError } from "./base/errors.ts";
export type { ErrorCode } from "./base/errors.ts";
export type { HttpLimits, WebSocketLimits } from "./base/limits.ts";
export type { Logger } from "./base/logger.ts";
export { connect } from "./connect/connect.ts";
export type { BinaryType, ConnectOptions, ProxyOptions } from "./connect/connect-options.ts";
export type { Ending } from "./connect/ending.ts";
export { CloseEvent, ErrorEvent } from "./connect/events.ts";
export type { CloseEventInit } from "./connect/events.ts";
export type { HeadersLike } from "./connect/handshake-headers.ts";
export type { Message } from "./connect/message-queue.ts";
export { WebSocket } from "./connect/websocket.ts";
export type { WebSocketEventMap, WebSocketListener, WebSocketListenerOptions } from "./connect/websocket.ts";
export type { AcceptedMessages } from "./protocol/websocket/message-assembler.ts";
export type { CompressionOptions } from "./protocol/websocket/compression-options.ts";
export type { HeaderFields } from "./protocol/http/header-fields.ts";
export { pathOnSite } from "./protocol/http/path-on-site.ts";
export { HandshakeError } from "./transport/dial/handshake-error.ts";
export type { ConnectionSource, ListenTarget } from "./transport/listen-target.ts";
export type { TlsOptions } from "./transport/tls-server.ts";
export type { TransportKind } from "./transport/transport.ts";
export type { UnixAddress } from "./transport/unix-socket.ts";
export type { FormFile } from "./web/body/form-file.ts";
export type { FormPart } from "./web/body/form-part.ts";
export type {
  SchemaOutput,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from "./web/body/standard-schema.ts";
export type { AccessLogConnection, AccessLogEntry, AccessLogSetting } from "./web/access-log-entry.ts";
export { Finish } from "./web/finish.ts";
export { ErrorHandler } from "./web/error-handler.ts";
export type { ErrorHandlerOptions } from "./web/error-handler.ts";
export { authenticated } from "./web/authenticated.ts";
export type { ClearCookieOptions, CookieOptions } from "./web/cookies.ts";
export type {
  GetSignedCookieOptions,
  HandlerContext,
  NoParams,
  SignedCookieOptions,
  StaticUrlOptions,
} from "./web/handler.ts";
export { HttpError } from "./web/http-error.ts";
export type { HttpErrorOptions } from "./web/http-error.ts";
export { escapeHtml, rawHtml } from "./web/html.ts";
export type { RawHtml } from "./web/html.ts";
export type { HttpRequest } from "./web/http-request.ts";
export type { PathValues } from "./web/path-pattern.ts";
export type { OutgoingMessage, SendOptions } from "./web/outgoing-message.ts";
export { currentRequest } from "./web/request-context.ts";
export type { ArgumentOptions } from "./web/arguments.ts";
export type { ErrorDetails, HandlerResult, RedirectOptions } from "./web/request-handler.ts";
export { RedirectHandler } from "./web/redirect-handler.ts";
export type { RedirectHandlerOptions } from "./web/redirect-handler.ts";
export { RequestHandler } from "./web/request-handler.ts";
export { route } from "./web/route.ts";
export type { HostRoute, PathParams, Route, RouteConfig, RouteEntry, RoutePattern } from "./web/route.ts";
export type { ResponseCompression, Settings } from "./web/settings.ts";
export { createSignedValue, decodeSignedValue } from "./web/signed-value.ts";
export type { CookieSecret, DecodeOptions, SignOptions } from "./web/signed-value.ts";
export { StaticFileHandler } from "./web/static-file-handler.ts";
export type { StaticFileOptions } from "./web/static-options.ts";
export type { StaticSettings } from "./web/static-settings.ts";
export type {
  TemplateData,
  TemplateEngine,
  TemplateName,
  TemplateNamespace,
  Templates,
} from "./web/templates/template-engine.ts";
export type { TemplateSettings } from "./web/templates/template-settings.ts";
export type { UserSettings } from "./web/user-settings.ts";
export { WebSocketHandler } from "./web/websocket-handler.ts";

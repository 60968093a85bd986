import type { Engine } from "../hub/engine.ts";
import type { SharedMessage } from "../protocol/websocket/shared-message.ts";
import type { HeartbeatWheel } from "../transport/heartbeat.ts";
import type { SessionStore } from "../transport/session/session-store.ts";
import type { AccessLog } from "./access-log.ts";
import type { Router } from "./router.ts";
import type { ResolvedSettings } from "./settings.ts";
import type { StaticFiles } from "./static-files.ts";

/** What the web layer needs of the application above it. */
export interface Environment {
  readonly settings: ResolvedSettings;
  readonly router: Router;
  readonly log: AccessLog;
  readonly heartbeats: HeartbeatWheel;
  readonly engine: Engine<SharedMessage>;
  /** The sessions of all servers of the application: a client may come back to any of them. */
  readonly store: SessionStore;
  /** Undefined without the setting `staticPath`. */
  readonly staticFiles: StaticFiles | undefined;
  /** Whether `currentRequest` is to know whose request it is called for. */
  readonly hasRequestContext: boolean;
}

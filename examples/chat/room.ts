import { setTimeout as pause } from "node:timers/promises";
import { authenticated, WebSocketHandler } from "waterspout";
import { RecentMessages } from "./recent-messages.ts";
import type { User } from "./users.ts";
import { Page, userOf } from "./users.ts";

const textLengthMax = 1000;
/** How long a connection's next message waits: five a second are more than anybody types. */
const messagePauseMs = 200;

/** They end with the process; the pages that are open keep what they show. */
const recent = new RecentMessages(50);
const sockets = new Set<RoomSocket>();

/** The room, with what was said lately. */
export class Home extends Page {
  /** Nobody else gets in. */
  declare currentUser: User;

  @authenticated
  get(): Promise<void> {
    return this.render("room", { messages: recent.after(""), textLengthMax });
  }
}

/** The page's line to the room: it sends messages as JSON, and is sent them as HTML. */
@authenticated
export class RoomSocket extends WebSocketHandler {
  /** Nobody else gets in: 401, before there is a connection. */
  declare currentUser: User;
  override readonly acceptedMessages = "text";

  override getCurrentUser(): User | null {
    return userOf(this);
  }

  /** What the page has missed and then what comes, with nothing between, since nobody else has a turn in here. */
  override open(): void {
    for (const { html } of recent.after(this.getQueryArgument("after", ""))) this.writeMessage(html);
    this.subscribe("room");
    sockets.add(this);
  }

  override async onMessage(message: string): Promise<void> {
    const written = parseWritten(message);
    if (written === undefined) {
      // No page of ours sends such a thing.
      this.close(1008, `a message is {"id", "text"}, with at most ${textLengthMax} characters`);
      return;
    }
    const { id, text } = written;
    // One template, here and for the page: one place where a message gets its form and where what people write is escaped. It is rendered
    // once for everybody, so it must not use `currentUser`.
    const html = await this.renderString("message", {
      id,
      text,
      from: this.currentUser.name,
      at: new Date(),
    });
    if (recent.add({ id, html })) {
      this.publish("room", html); // to all others
      this.writeMessage(html);
    }
    // The next message is handed over when this is done; what else comes waits in the network, and nothing is lost.
    await pause(messagePauseMs);
  }

  override onClose(): void {
    sockets.delete(this);
  }
}

/** Closes the sockets of a login that has ended: they were let in by it. 4401 is what the page gets also when it comes without a login. */
export function closeSocketsOf({ loginId }: User): void {
  for (const socket of sockets) {
    if (socket.currentUser.loginId === loginId) socket.close(4401, "logged out");
  }
}

/** What a page wrote; undefined for anything else. */
function parseWritten(message: string): { readonly id: string; readonly text: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return undefined;
  }
  const { id, text } = Object(value) as Readonly<Record<string, unknown>>;
  if (typeof id !== "string" || !/^[\w-]{1,40}$/.test(id)) return undefined;
  if (typeof text !== "string" || text.trim() === "" || text.length > textLengthMax) return undefined;
  return { id, text };
}

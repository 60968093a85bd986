import { HttpConnection } from "./http-connection.ts";
import type { Session } from "./session.ts";

/** Closes a session by a request of its own, behind which its connection ends. */
export function sayGoodbye(origin: string, session: Session): void {
  const connection = new HttpConnection(origin, "*/*");
  const end = (): void => connection.destroy();
  connection.post(session.head({ close: { code: 1000 } }), {
    receiveHead: () => {},
    receiveBody: () => {},
    receiveEnd: end,
    receiveLoss: end,
  });
}

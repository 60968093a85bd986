/**
 * The chat: pages and a socket with one login. People log in by a signed cookie, write to a room, and see what the others write.
 *
 *     npm run chat               then open http://localhost:10002, in two browsers
 *     PORT=8080 HOST=127.0.0.1 COOKIE_SECRET="a long random text" npm run chat
 */
import { randomBytes } from "node:crypto";
import { Application, WaterspoutError } from "waterspout";
import { Login, Logout } from "./login.ts";
import { Home, RoomSocket } from "./room.ts";
import { Script } from "./script.ts";

const { PORT: port, HOST: host, COOKIE_SECRET: secret } = process.env;
if (!secret) console.log("COOKIE_SECRET is not set: a random one is used, and logins end with this process.");

const app = new Application(
  [
    ["/", Home],
    ["/room", RoomSocket, { transports: ["websocket", "sse", "long-polling", "polling"] }],
    ["/login", Login],
    ["/logout", Logout],
    ["/room.js", Script],
  ],
  {
    cookieSecret: secret || randomBytes(32).toString("base64"),
    loginUrl: "/login",
    xsrfCookies: true,
    securityHeaders: true,
    templatePath: new URL("./templates/", import.meta.url),
    staticPath: new URL("./static/", import.meta.url),
    // A message has at most 1000 characters; this is what they may take as JSON.
    websocket: { maxMessageBytes: 8 * 1024 },
  },
);

try {
  const server = await app.listen(Number(port || 10002), host ? { host } : {});
  console.log(`The chat is open: ${server.url}. Ctrl+C ends it.`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
} catch (error) {
  if (!(error instanceof WaterspoutError)) throw error;
  console.error(`The chat cannot start: ${error.message}`);
  process.exitCode = 1;
}

/**
 * A conversation by the built client, in whatever runtime runs this: `echo.js URL TRANSPORT`. Prints what it saw as JSON.
 * Plain JavaScript, as a page would have it.
 */
import process from "node:process";
import { RealtimeSocket } from "../../dist/client/index.js";

const [url, transport] = process.argv.slice(2);
const socket = new RealtimeSocket(url, transport === "all" ? {} : { transports: [transport] });
socket.binaryType = "arraybuffer";
const seen = [];
socket.addEventListener("open", () => {
  seen.push(`open by ${socket.transport}`);
  socket.send("文字 \u{1F30A}");
  socket.send(new Uint8Array([0, 128, 255]));
});
socket.addEventListener("message", ({ data }) => {
  seen.push(typeof data === "string" ? data : [...new Uint8Array(data)].join(" "));
  if (typeof data !== "string") socket.close(1000);
});
socket.addEventListener("close", ({ code, reason, wasClean }) => {
  seen.push(`close ${code} ${reason} ${wasClean}`);
  process.stdout.write(`${JSON.stringify(seen)}\n`);
  process.exit();
});

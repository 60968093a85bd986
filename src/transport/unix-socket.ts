import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { isMainThread } from "node:worker_threads";
import { misuse } from "../base/errors.ts";
import { kindOf, quote } from "../base/text.ts";

/** Where a Unix socket is, or a named pipe of Windows. */
export interface UnixAddress {
  /** The file of the socket: `/run/app.sock`. On Windows the name of a pipe: `\\.\pipe\app`. */
  readonly path: string;
  /** Who may connect, as the permissions of the file. Default 0o600: this user alone, as Tornado's. */
  readonly mode?: number;
}

/** As the operating systems have it: the kernel keeps a path in a field of this length, with a zero byte behind it. */
const pathBytesMax = process.platform === "linux" ? 107 : 103;

const modeDefault = 0o600;

const isWindows = process.platform === "win32";

/** Throws SOCKET_PATH_INVALID for what cannot be the path of a socket, SETTING_INVALID for a mode that is none. */
export function checkUnixAddress({ path, mode }: UnixAddress): void {
  const refuse = (reason: string): never => {
    throw misuse("SOCKET_PATH_INVALID", { path: kindOf(path), reason });
  };
  if (typeof path !== "string" || path === "") refuse("a path is a text that is not empty");
  // Linux's abstract sockets begin so: they have no permissions, so that every user of the machine could connect.
  if (path.includes("\0")) refuse("there is a zero byte in it");
  const bytes = Buffer.byteLength(path);
  // The operating system would not refuse it, but listen at what fits.
  if (!isWindows && bytes > pathBytesMax) refuse(`it has ${bytes} bytes, at most ${pathBytesMax} fit`);
  if (mode === undefined) return;
  if (isWindows) {
    throw misuse("SETTING_INVALID", {
      name: "mode",
      expected: "left out: a pipe of Windows has no permissions of a file",
      value: kindOf(mode),
    });
  }
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o777) return;
  throw misuse("SETTING_INVALID", {
    name: "mode",
    expected: "the permissions of a file, 0 to 0o777",
    value: kindOf(mode),
  });
}

/**
 * Makes way for a socket: removes the file that a program left behind which did not end well. Rejects with
 * SOCKET_PATH_IN_USE when it is no socket, or somebody listens there.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  if (isWindows) return;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw misuse("SOCKET_PATH_IN_USE", { path: quote(path), reason: "it is no socket" });
  const answer = await knock(path);
  if (answer === "ENOENT") return;
  if (answer !== "ECONNREFUSED") {
    const reason =
      answer === "connected"
        ? "a program listens there"
        : `whether a program listens there cannot be told, ${answer}`;
    throw misuse("SOCKET_PATH_IN_USE", { path: quote(path), reason });
  }
  // Another program may have found it stale at the same time, and listen there by now.
  const still = lstatSync(path, { throwIfNoEntry: false });
  if (still?.ino === found.ino && still.ctimeMs === found.ctimeMs) unlinkSync(path);
}

/** What comes of connecting: "connected", or the code of the error. */
function knock(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** Calls `listen`, which makes the file of a socket before it returns, so that nobody who may not can ever connect. */
export function withPermissions({ mode = modeDefault }: UnixAddress, listen: () => void): void {
  // A thread cannot set the mask: there the file has, until `setPermissions`, what the mask of the process allows.
  if (isWindows || !isMainThread) {
    listen();
    return;
  }
  const before = process.umask(0o777 & ~mode);
  try {
    listen();
  } finally {
    process.umask(before);
  }
}

/** Gives the file its permissions once it is there: in a thread, and where a cluster's primary process made it. */
export function setPermissions({ path, mode = modeDefault }: UnixAddress): void {
  if (!isWindows) chmodSync(path, mode);
}

/** What `--help` prints: what each command does, with what is usually typed first. */
export const mainHelp: string = `waterspout runs an application that a module exports.

Usage
  waterspout dev FILE       while you write it: starts again when a file changes
  waterspout serve FILE     in production: ends well on SIGTERM

  waterspout dev --help     the options of a command
  waterspout --version

FILE exports an Application, as its default export or as "app":

  import { Application, RequestHandler } from "waterspout";

  class Hello extends RequestHandler {
    get() {
      return "Hello!";
    }
  }

  export default new Application([["/", Hello]]);

It does not call listen(): the command does.`;

export const devHelp: string = `waterspout dev FILE starts the application in FILE, and starts it again when a file changes.

Usage
  waterspout dev [options] FILE
  waterspout dev --port 8080 src/app.ts

Options
  -p, --port PORT     port to listen on, 0 for any free one (default: the variable PORT, or 10000)
  -H, --host HOST     address or name to listen on (default: localhost; 0.0.0.0 lets other machines in)
  -w, --watch PATH    file or folder to watch as well, may be given several times
  -h, --help          this text

The folder of FILE's package is watched, without node_modules and what begins with a dot. The port stays
open while the application starts again: a request made meanwhile waits for it, and WebSockets are closed
with 1001. An application that cannot start is told about here, and tried again at the next change.

TypeScript runs through tsx, if your project has it, or else through Node itself (22.18 or newer).
NODE_ENV is "development" unless it is set.`;

export const serveHelp: string = `waterspout serve FILE serves the application in FILE until it is told to stop.

Usage
  waterspout serve [options] FILE
  waterspout serve --host 127.0.0.1 dist/app.js
  waterspout serve --socket /run/app.sock --mode 660 dist/app.js

Options
  -p, --port PORT     port to listen on, 0 for any free one (default: the variable PORT, or 10000)
  -H, --host HOST     address or name to listen on (default: all addresses of this machine)
  -s, --socket PATH   Unix socket to listen at, instead of a port
  -m, --mode MODE     permissions of that socket (default: 600, this user alone)
  -h, --help          this text

On SIGTERM or SIGINT it accepts no more, closes WebSockets with 1001 and lets requests finish; a second
signal ends it at once. Exit codes: 0 after it was stopped, 1 if it could not start, 2 for wrong arguments.

NODE_ENV is "production" unless it is set.`;

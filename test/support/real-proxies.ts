/** nginx, HAProxy and Caddy as Debian has them, run with the configurations of docs/deployment/. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Requirement } from "../../scripts/system-packages.ts";
import { certificate } from "./certificate.ts";
import { temporaryFiles } from "./files.ts";
import { RunningProcess } from "./process.ts";

/** A proxy with one way to configure it. */
export interface RealProxy {
  readonly name: string;
  /** The package that it comes with. */
  readonly requirement: Requirement;
  /** Starts it on `port` in front of the servers on `targetPorts`, with its files in a directory of its own. */
  readonly start: (port: number, targetPorts: readonly number[]) => RunningProcess;
}

/** What each listens on and forwards to in docs/deployment/, replaced by what a test has. */
function configurationOf(file: string, replacements: readonly (readonly [string, string])[]): string {
  let text = readFileSync(join("docs", "deployment", file), "utf8");
  for (const [documented, replacement] of replacements) {
    if (!text.includes(documented)) throw new Error(`${file} does not contain ${documented}`);
    text = text.replaceAll(documented, replacement);
  }
  return text;
}

/** Replacements for the servers: the second one is there for those who have it. */
function targets([first, second]: readonly number[], comment: string): [string, string][] {
  const replacements: [string, string][] = [["127.0.0.1:10000", `127.0.0.1:${first}`]];
  if (second === undefined) return replacements;
  return [...replacements, [comment, comment.replace("#", "")], ["127.0.0.1:10001", `127.0.0.1:${second}`]];
}

/** Starts nginx with a site as it would stand in conf.d. */
export function startNginx(site: string): RunningProcess {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${name};`,
  );
  const root = temporaryFiles({
    "nginx.conf": `daemon off; master_process off; pid nginx.pid; error_log stderr warn;
      events {} http { access_log off; ${temporary.join(" ")} include site.conf; }`,
    "site.conf": site,
  });
  return new RunningProcess("/usr/sbin/nginx", ["-p", root, "-e", "stderr", "-c", join(root, "nginx.conf")]);
}

const nginx: RealProxy = {
  name: "nginx",
  requirement: "nginx",
  start: (port, targetPorts) =>
    startNginx(
      configurationOf("nginx.conf", [
        ["listen 80;", `listen 127.0.0.1:${port};`],
        ...targets(targetPorts, "#server 127.0.0.1:10001"),
      ]),
    ),
};

/** A location with `proxy_pass` and nothing else: HTTP/1.0 to the server, responses buffered, no Upgrade, another Host. */
const nginxDefault: RealProxy = {
  name: "nginx with nothing but proxy_pass",
  requirement: "nginx",
  start: (port, [target]) =>
    startNginx(
      `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${target ?? 0}; } }`,
    ),
};

/**
 * Connections to the server are kept and shared by all clients, which is what makes smuggling dangerous: what one leaves behind on
 * a connection would be the beginning of another's request. A line of `logFile` is the address and the status of the server, "-" for
 * what was not forwarded, and the request line.
 */
export function nginxWithKeptConnections(requestBuffering: "on" | "off", logFile: string): RealProxy {
  return {
    name: `nginx with kept connections, request buffering ${requestBuffering}`,
    requirement: "nginx",
    start: (port, [target]) =>
      startNginx(`
        log_format forwarded '$upstream_addr $upstream_status $request';
        map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
        upstream kept { server 127.0.0.1:${target ?? 0}; keepalive 4; }
        server {
          listen 127.0.0.1:${port};
          access_log ${logFile} forwarded;
          error_log /dev/null;
          client_body_timeout 1s;
          client_header_timeout 1s;
          location / {
            proxy_pass http://kept;
            proxy_http_version 1.1;
            proxy_request_buffering ${requestBuffering};
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header Host $http_host;
            # Asked once: a request that nginx repeated by itself would count twice.
            proxy_next_upstream off;
            # A client that gives up does not hide what it was forwarded.
            proxy_ignore_client_abort on;
          }
        }`),
  };
}

function startHaproxy(configuration: string): RunningProcess {
  const root = temporaryFiles({ "haproxy.cfg": configuration });
  return new RunningProcess("/usr/sbin/haproxy", ["-db", "-f", join(root, "haproxy.cfg")]);
}

const haproxy: RealProxy = {
  name: "HAProxy",
  requirement: "haproxy",
  start: (port, targetPorts) =>
    startHaproxy(
      configurationOf("haproxy.cfg", [
        ["bind :80", `bind 127.0.0.1:${port}`],
        ...targets(targetPorts, "#server two"),
      ]),
    ),
};

/** What has to be there, with the timeouts of Debian's own configuration. */
const haproxyDefault: RealProxy = {
  name: "HAProxy in its default",
  requirement: "haproxy",
  start: (port, [target]) =>
    startHaproxy(`defaults
    mode http
    timeout connect 5000
    timeout client 50000
    timeout server 50000
listen web
    bind 127.0.0.1:${port}
    server one 127.0.0.1:${target ?? 0}
`),
};

function startCaddy(site: string): RunningProcess {
  const root = temporaryFiles({ Caddyfile: `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}` });
  const args = ["run", "--config", join(root, "Caddyfile"), "--adapter", "caddyfile"];
  // It keeps certificates and its last configuration at home.
  const home = { HOME: root, XDG_DATA_HOME: root, XDG_CONFIG_HOME: root };
  return new RunningProcess("/usr/bin/caddy", args, home);
}

function caddySite(address: string, targetPorts: readonly number[], options = ""): string {
  const addresses = targetPorts.map((target) => `127.0.0.1:${target}`).join(" ");
  return configurationOf("Caddyfile", [
    ["app.example.com {", `${address} {${options}`],
    ["127.0.0.1:10000", addresses],
  ]);
}

const caddy: RealProxy = {
  name: "Caddy",
  requirement: "caddy",
  start: (port, targetPorts) => startCaddy(caddySite(`http://127.0.0.1:${port}`, targetPorts)),
};

/** With a certificate, which the documented configuration gets by itself, and so with HTTP/2. */
export const secureCaddy: RealProxy = {
  name: "Caddy with a certificate",
  requirement: "caddy",
  start(port, targetPorts) {
    const root = temporaryFiles({ "cert.pem": certificate.cert, "key.pem": certificate.key });
    const tls = `\n\tbind 127.0.0.1\n\ttls ${join(root, "cert.pem")} ${join(root, "key.pem")}`;
    return startCaddy(caddySite(`https://localhost:${port}`, targetPorts, tls));
  },
};

/** All of them. */
export const realProxies = { nginx, nginxDefault, haproxy, haproxyDefault, caddy } as const;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Whether something accepts connections there. */
async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Starts a proxy that ends with the test, and resolves with its URL, without a path, when it accepts connections. */
export async function startRealProxy(
  context: TestContext,
  proxy: RealProxy,
  targetPorts: readonly number[],
): Promise<string> {
  const port = await freePort();
  const running = proxy.start(port, targetPorts);
  let hasEnded = false;
  const end = running.end().then(() => {
    hasEnded = true;
  });
  const kill = (): void => running.kill("SIGKILL");
  // Also where an earlier hook fails and this one is not called.
  process.once("exit", kill);
  context.after(async () => {
    kill();
    await end;
    process.off("exit", kill);
  });
  while (!(await isListening(port)))
    if (hasEnded) throw new Error(`${proxy.name} does not start:\n${running.output}`);
  return `http://127.0.0.1:${port}`;
}

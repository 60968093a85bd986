/** What a hostile proxy does to WebSocket handshakes. */
export type UpgradeMode =
  /** Passes them, and what follows. */
  | "pass"
  /** Takes `Upgrade` and `Connection: upgrade` out of the request. */
  | "strip"
  /** Passes the request and the server's 101, and nothing in either direction after it. */
  | "swallow"
  /** Answers 101 itself, and reads whatever the client sends; the server is never asked. */
  | "answer";

/** What a hostile proxy does to requests. */
export type RequestMode =
  | { readonly kind: "pass" }
  /** Forwards each request twice at once; the client gets the first or the second answer, by seed. */
  | { readonly kind: "repeat" }
  /** Holds each POST back for up to `maxMs`, by seed, so that they overtake each other. */
  | { readonly kind: "delay-posts"; readonly maxMs: number };

/** What a hostile proxy does to the bytes of a response, its head included. */
export type ResponseMode =
  | { readonly kind: "pass" }
  /** Keeps them until the response has ended. */
  | { readonly kind: "buffer" }
  /** Passes them in blocks of so many bytes, and the rest at the end of the response. */
  | { readonly kind: "buffer-blocks"; readonly blockBytes: number }
  /** Ends the connection behind so many of them. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Passes one byte, and the next one after `intervalMs`; with 0, in the next turn of the event loop. */
  | { readonly kind: "trickle"; readonly intervalMs: number }
  /**
   * Resets the connection in the middle of a chunk, or of a body without chunks, or of what came at once behind a 101.
   * Of every `every` responses one is reset, by seed; of a stream, after up to `chunksMax` chunks.
   */
  | { readonly kind: "reset"; readonly every: number; readonly chunksMax: number }
  /**
   * Forwards the request, waits for the response and closes the client's connection instead of passing it. Of every
   * `every` responses one is swallowed, by seed. A stream, which does not end, is swallowed when its first bytes come.
   */
  | { readonly kind: "swallow"; readonly every: number };

/** How a hostile proxy behaves. */
export interface Hostility {
  readonly upgrades: UpgradeMode;
  readonly requests: RequestMode;
  readonly responses: ResponseMode;
  /**
   * Whether what the server sends behind a 101 counts as response too. False for proxies that know what an upgrade is: those
   * that buffer, which would otherwise swallow.
   */
  readonly includesTunnels: boolean;
}

const none: Hostility = {
  upgrades: "pass",
  requests: { kind: "pass" },
  responses: { kind: "pass" },
  includesTunnels: true,
};

/** The modes, each with one thing wrong, as the tests use them if they say nothing else. */
export const hostilities = {
  none,
  "strip-upgrade": { ...none, upgrades: "strip" },
  "swallow-upgrade": { ...none, upgrades: "swallow" },
  "answer-upgrade": { ...none, upgrades: "answer" },
  "buffer-response": { ...none, responses: { kind: "buffer" }, includesTunnels: false },
  "buffer-blocks": {
    ...none,
    responses: { kind: "buffer-blocks", blockBytes: 4096 },
    includesTunnels: false,
  },
  cut: { ...none, responses: { kind: "cut", afterBytes: 4096 } },
  trickle: { ...none, responses: { kind: "trickle", intervalMs: 10 } },
  reset: { ...none, responses: { kind: "reset", every: 3, chunksMax: 5 } },
  "swallow-response": { ...none, responses: { kind: "swallow", every: 3 } },
  "repeat-request": { ...none, requests: { kind: "repeat" } },
  "delay-posts": { ...none, requests: { kind: "delay-posts", maxMs: 100 } },
} as const satisfies Record<string, Hostility>;

/** The name of a mode. */
export type HostilityName = keyof typeof hostilities;

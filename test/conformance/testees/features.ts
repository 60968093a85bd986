/**
 * What the engine under test has. Each of these goes, with the lines that ask for it, when it is there.
 */
export const features = {
  /** The setting `websocket: { sharedReadBuffer }`. */
  sharedReadBuffer: false,
  /** The setting `websocket: { compression }`, on servers. */
  serverCompression: false,
  /** permessage-deflate of the client. */
  clientCompression: false,
} as const satisfies Readonly<Record<string, boolean>>;

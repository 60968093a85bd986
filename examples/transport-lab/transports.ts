/** The four that run side by side, the oldest first. */
export const transports = ["polling", "long-polling", "sse", "websocket"] as const;

/** One of the four. */
export type TransportName = (typeof transports)[number];

/** The path of the one handler that every transport's server has. */
export const ticksPath = "/ticks";

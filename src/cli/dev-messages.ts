/**
 * What `dev` and its child say to each other: the parent "connection", with a socket, and "end"; the child "ready", when it
 * serves.
 */
export type DevMessage = "connection" | "end" | "ready";

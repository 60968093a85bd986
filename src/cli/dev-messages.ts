/**
 * What `dev` and its child say to each other: the parent "connection", with a socket, and "end"; the child "ready", when it
 * serves, and "taken" for each connection, in order, before it reads from it.
 */
export type DevMessage = "connection" | "end" | "ready" | "taken";

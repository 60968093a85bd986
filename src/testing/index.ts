/** `waterspout/testing`: what a test of a Waterspout application needs. */
export { ExpectedLog } from "./expected-log.ts";
export type { LogLine } from "./expected-log.ts";
export type { RawFrame } from "./raw-frame.ts";
export { encodeRawFrame } from "./raw-frame.ts";
export { startApplication } from "./start-application.ts";
export type { TestClientOptions, TestClose, TestRefusal } from "./test-client.ts";
export { TestClient } from "./test-client.ts";

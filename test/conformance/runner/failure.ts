/** A testee did not do what the case asks. */
export class Failure extends Error {
  override readonly name: string = "Failure";
}

/** A handshake was answered with another status than 101. */
export class RefusedHandshake extends Failure {
  override readonly name: string = "RefusedHandshake";
}

/** Bytes in a message of a failure: all of a few, and the number of many. */
export function show(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 24)).toString("hex");
  return bytes.length <= 24 ? `<${start}>` : `<${start}…> (${bytes.length} bytes)`;
}

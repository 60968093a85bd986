/** Frame types (RFC 6455 §5.2, §11.8). Those from 8 on are control frames. */
export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** The longest payload of a control frame, in bytes (RFC 6455 §5.5). */
export const controlPayloadBytesMax = 125;

/** Whether frames with this opcode control the connection and are not part of a message. */
export function isControl(opcode: number): boolean {
  return opcode >= Opcode.close;
}

/** Whether the opcode is one that RFC 6455 defines; the others are reserved. */
export function isKnownOpcode(opcode: number): boolean {
  return opcode <= Opcode.binary || (opcode >= Opcode.close && opcode <= Opcode.pong);
}

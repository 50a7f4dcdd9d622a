/** FIN and the opcode of a text message (RFC 6455, section 5.2). */
const FINAL_TEXT = 0x81;
const FINAL_PING = 0x89;
const FINAL_PONG = 0x8a;
const LENGTH_16_BIT = 126;
const LENGTH_64_BIT = 127;

/** One unmasked text message, as a server sends it: `head`, `payload` and `tail` in one frame, ready for the socket. */
export function textFrame(head: string, payload: Buffer, tail: string): Buffer {
  const headLength = Buffer.byteLength(head);
  const length = headLength + payload.length + tail.length;
  const start = length < LENGTH_16_BIT ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FINAL_TEXT;
  if (start === 2) {
    frame[1] = length;
  } else if (start === 4) {
    frame[1] = LENGTH_16_BIT;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64_BIT;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(head, start, 'utf8');
  payload.copy(frame, start + headLength);
  frame.write(tail, start + headLength + payload.length, 'latin1');
  return frame;
}

export const PONG = FINAL_PONG;
/** A ping without a payload. */
export const PING = controlFrame(FINAL_PING, Buffer.alloc(0));

/** @param payload at most 125 bytes, as a control frame's has (5.5) */
export function controlFrame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.of(opcode, payload.length), payload]);
}

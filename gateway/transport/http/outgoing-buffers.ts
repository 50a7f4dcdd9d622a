import type { ServerResponse } from 'node:http';

/** Smaller answers are sent as text: Node writes them together with their headers. */
const SMALLEST_BYTES = 8 * 1024;
/** Larger answers get memory of their own. */
const LARGEST_BYTES = 1024 * 1024;
/** Of each size, so many wait for the next answer: more than that are seldom being written at once. */
const KEPT_OF_EACH = 8;

/**
 * Memory for answers on their way out, used over and over. An answer's bytes are needed for the moment it takes to hand
 * them to the system; left to the garbage collector they would stay until long after.
 */
const kept = new Map<number, Buffer[]>();

/** The text's bytes, if it is long enough to be worth it. Their memory is used again once the response has closed. */
export function encodeFor(response: ServerResponse, text: string): string | Buffer {
  if (text.length < SMALLEST_BYTES) return text;
  const length = Buffer.byteLength(text);
  if (length > LARGEST_BYTES) return Buffer.from(text);
  const size = 2 ** Math.ceil(Math.log2(length));
  const memory = kept.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
  memory.write(text);
  // Not earlier: until then the system may be reading from it.
  response.once('close', () => giveBack(memory));
  return memory.subarray(0, length);
}

function giveBack(memory: Buffer): void {
  const same = kept.get(memory.length) ?? [];
  kept.set(memory.length, same);
  if (same.length < KEPT_OF_EACH) same.push(memory);
}

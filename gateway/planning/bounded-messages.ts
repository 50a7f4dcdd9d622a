// Planning: refusals quote what a client sent, which may be a megabyte.

const MAX_LENGTH = 500;

/** Of a message, as much as anybody would read; cut in the middle, as both ends tell what is wrong. */
export function shortened(message: string): string {
  if (message.length <= MAX_LENGTH) return message;
  const half = (MAX_LENGTH - 1) / 2;
  return `${message.slice(0, Math.ceil(half))}…${message.slice(-Math.floor(half))}`;
}

import { controlFrame, PONG } from './frame.ts';

/**
 * Answers pings. While an answer waits to be taken, only the latest ping is answered after it, as RFC 6455, 5.5.3, allows:
 * whoever pings without reading costs one frame.
 * @param write calls back when the frame has been taken, or never will be
 */
export function createPong(write: (frame: Buffer, taken: () => void) => void): (payload: Buffer) => void {
  let waiting = false;
  let due: Buffer | undefined;

  function answer(payload: Buffer): void {
    if (waiting) {
      due = payload;
      return;
    }
    waiting = true;
    write(controlFrame(PONG, payload), taken);
  }

  function taken(): void {
    waiting = false;
    const next = due;
    due = undefined;
    if (next !== undefined) answer(next);
  }

  return answer;
}

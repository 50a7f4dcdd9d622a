import { write as writeTo, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A stream that pino writes lines to. */
export interface LogDestination {
  write(line: string): void;
  /** Writes what waits, where there is room for it: pino asks for it before a process ends. */
  flushSync(): void;
  /** Resolves when what waits is written, or cannot be. Nothing is from then on: the descriptor may be closed. */
  end(): Promise<void>;
}

type Write = (
  fd: number,
  bytes: Buffer,
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
) => void;

/** Of lines that wait to be written, in characters. What comes beyond is left out. */
const WAITING_AT_MOST = 4 * 1024 * 1024;
const AGAIN_AFTER_MS = 200;
/** No more is written once one of these was answered: whoever read has gone. */
const GONE = new Set(['EPIPE', 'EBADF', 'EIO']);
const STDOUT = 1;

/**
 * Where a process writes its log. A log that cannot be written neither ends the process nor holds it up: while the disk is
 * full or a reader is slow the lines wait, up to a bound. (pino's own destination throws at a full disk, outside of
 * everything, and as the process ends tries again for ever, so that the process neither works nor ends.)
 */
export function logDestination(fd = STDOUT, write: Write = writeTo): LogDestination {
  let waiting = '';
  /** Handed to the system, or refused by it a moment ago. */
  let part = Buffer.alloc(0);
  let state: 'idle' | 'writing' | 'refused' | 'gone' = 'idle';

  function next(): void {
    if (part.length === 0) {
      part = Buffer.from(waiting);
      waiting = '';
    }
    state = part.length === 0 ? 'idle' : 'writing';
    if (state === 'idle') return;
    write(fd, part, (error, written) => {
      if (error === null) {
        part = part.subarray(written);
        next();
      } else {
        state = GONE.has(error.code ?? '') ? 'gone' : 'refused';
        if (state === 'refused') setTimeout(() => state === 'refused' && next(), AGAIN_AFTER_MS).unref();
      }
    });
  }

  function flushSync(): void {
    if (state === 'gone') return;
    // What is under way is not written twice; it is done before the process ends.
    const rest = Buffer.concat([state === 'refused' ? part : Buffer.alloc(0), Buffer.from(waiting)]);
    try {
      for (let at = 0; at < rest.length; ) at += writeSync(fd, rest, at);
      waiting = '';
      if (state === 'refused') part = Buffer.alloc(0);
    } catch {
      // No room: whoever ends now has nobody to tell it to.
    }
  }

  process.once('exit', flushSync);
  return {
    write(line) {
      if (state === 'gone' || waiting.length > WAITING_AT_MOST) return;
      waiting += line;
      if (state === 'idle') next();
    },
    flushSync,
    async end() {
      while (state === 'writing') await delay(1);
      state = 'gone';
      process.off('exit', flushSync);
    },
  };
}

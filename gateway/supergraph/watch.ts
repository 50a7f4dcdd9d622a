import { type BigIntStats, unwatchFile, watchFile } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSupergraphFile, readSupergraphFile } from './load.ts';
import { type Supergraph, supergraphId } from './supergraph.ts';

export interface WatchOptions {
  readonly file: string;
  /** The supergraph that serves now; a file with the same text is no change. */
  readonly servingId: () => string;
  /** A valid new supergraph. The next one waits until this resolves. */
  readonly onSupergraph: (supergraph: Supergraph) => Promise<void>;
  /** The file changed into something that cannot be served. */
  readonly onRefused: (reason: Error) => void;
  readonly pollMs?: number;
}

const POLL_MS = 500;
/** A file must have stayed the same for this long: half a supergraph can be valid, and wrong. */
const SETTLE_MS = 100;

/**
 * Watches a supergraph file until disposed. Polls its `stat`, which, unlike `fs.watch`, works the same for a file that
 * is rewritten, replaced by rename, swapped through a symbolic link (Kubernetes) or on a network.
 */
export function watchSupergraph(options: WatchOptions): Disposable {
  const { file } = options;
  let disposed = false;
  let changes = Promise.resolve();

  async function takeChange(): Promise<void> {
    try {
      await settled(file);
      if (disposed) return;
      const sdl = await readSupergraphFile(file);
      if (disposed || supergraphId(sdl) === options.servingId()) return;
      await options.onSupergraph(parseSupergraphFile(file, sdl));
    } catch (reason) {
      options.onRefused(reason instanceof Error ? reason : new Error(String(reason)));
    }
  }

  const onStat = () => {
    changes = changes.then(takeChange);
  };
  watchFile(file, { interval: options.pollMs ?? POLL_MS, persistent: false }, onStat);
  // What changed between the first reading and the first `stat` would go unnoticed.
  onStat();
  return {
    [Symbol.dispose]() {
      disposed = true;
      unwatchFile(file, onStat);
    },
  };
}

async function settled(file: string): Promise<void> {
  for (let before = await fingerprint(file); ; ) {
    await sleep(SETTLE_MS, undefined, { ref: false });
    const now = await fingerprint(file);
    if (now === before) return;
    before = now;
  }
}

async function fingerprint(file: string): Promise<string> {
  try {
    const { mtimeNs, size, ino }: BigIntStats = await stat(file, { bigint: true });
    return `${mtimeNs} ${size} ${ino}`;
  } catch {
    return 'missing';
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { escapeIdentifier } from 'pg';
import { PooledClient } from './pooled-client.ts';

export interface Listener extends AsyncDisposable {
  /** Resolves once it is listened to. Rejects where that fails the first time; afterwards a connection is made anew. */
  listen(
    channel: string,
    onNotify: (payload: string) => void,
    onListening: () => void,
  ): Promise<AsyncDisposable>;
}

interface Listening {
  readonly channel: string;
  onNotify(payload: string): void;
  onListening(): void;
}

const BACKOFF_FIRST_MS = 20;
const BACKOFF_LAST_MS = 1_000;
/** How often the connection is asked whether it is still one, and how long its answer may take. */
const LOOK_EVERY_MS = 500;
const ANSWER_MS = 1_000;

/**
 * Notifications over one connection of its own, opened by the first who listens. One that is lost, or on which nothing gets
 * through any more, is made anew within about two seconds, and everybody is told to look for what was missed meanwhile.
 */
export function createListener(url: string, applicationName: string): Listener {
  const listenings = new Set<Listening>();
  const closing = new AbortController();
  let current: Promise<PooledClient> | null = null;
  let keeping: Promise<void> | null = null;
  let last: Promise<unknown> = Promise.resolve();

  /** One after another: a client is to be asked one thing at a time. */
  function ask(client: PooledClient, text: string): Promise<unknown> {
    const send = () => client.query(text);
    const answered = last.then(send, send);
    last = answered.catch(() => {});
    return answered;
  }

  /** A connection that listens to every channel that somebody listens to. */
  async function connect(): Promise<PooledClient> {
    const client = new PooledClient({
      connectionString: url,
      application_name: `${applicationName} listener`,
      query_timeout: ANSWER_MS,
    });
    client.on('notification', ({ channel, payload = '' }) => {
      for (const listening of listenings) if (listening.channel === channel) listening.onNotify(payload);
    });
    try {
      await client.connect();
      const channels = new Set([...listenings].map(({ channel }) => channel));
      if (channels.size > 0) await client.query([...channels].map(listenTo).join('; '));
      return client;
    } catch (error) {
      client.cut();
      throw error;
    }
  }

  /** Keeps a connection, from the first one on, until closed. */
  async function keep(first: PooledClient): Promise<void> {
    for (let client = first, failures = 0; ; ) {
      await untilLost(client);
      client.cut();
      for (;;) {
        if (closing.signal.aborted) return;
        try {
          current = connect();
          client = await current;
          break;
        } catch {
          const pauseMs = Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** failures++);
          await delay(pauseMs, undefined, { signal: closing.signal }).catch(() => {});
        }
      }
      failures = 0;
      for (const listening of listenings) listening.onListening();
    }
  }

  async function untilLost(client: PooledClient): Promise<void> {
    const lost = new Promise<void>((resolve) => client.once('end', () => resolve()));
    const pause = new AbortController();
    const stop = () => pause.abort();
    closing.signal.addEventListener('abort', stop, { once: true });
    void lost.then(stop);
    try {
      while (!pause.signal.aborted) {
        await ask(client, 'select 1');
        await delay(LOOK_EVERY_MS, undefined, { signal: pause.signal, ref: false }).catch(() => {});
      }
    } catch {
      // It does not answer, or not in time.
    } finally {
      closing.signal.removeEventListener('abort', stop);
    }
  }

  return {
    async listen(channel, onNotify, onListening) {
      const listening = { channel, onNotify, onListening };
      listenings.add(listening);
      try {
        if (current === null) {
          current = connect();
          const client = await current;
          keeping = keep(client);
        } else {
          const client = await current;
          await ask(client, listenTo(channel));
        }
      } catch (error) {
        // Lost on the way: whoever connects anew listens to this as well.
        if (keeping === null) {
          current = null;
          listenings.delete(listening);
          throw error;
        }
      }
      onListening();
      // The connection goes on listening: others may, and what nobody waits for is passed over.
      return { [Symbol.asyncDispose]: async () => void listenings.delete(listening) };
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      listenings.clear();
      await keeping;
      (await current?.catch(() => null))?.cut();
    },
  };
}

function listenTo(channel: string): string {
  return `listen ${escapeIdentifier(channel)}`;
}

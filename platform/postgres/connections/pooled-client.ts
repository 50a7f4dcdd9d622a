import { Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';

/** How long the other end may be silent while a connection is made, and how long that may take in all: it asks and answers by turns. */
const CONNECT_SILENCE_MS = 1_000;
const CONNECT_TIMEOUT_MS = 4_000;
/** No statement of a service takes this long unless something is wrong; it must not keep a connection from the others. */
export const STATEMENT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 4_000;
const IDLE_IN_TRANSACTION_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;

/** The server, too, finds out within about 15 s that whoever held locks is gone with its machine. In seconds. */
const SERVER_KEEP_ALIVE = '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3';

/** A connection that connects within a time, never dies unheard, and can be cut off without asking the other end. */
export class PooledClient extends Client {
  readonly bornAt = performance.now();
  readonly #socket: Socket;
  #isConnected = false;
  #lost: Error | null = null;

  constructor(config: ClientConfig = {}) {
    const socket = new Socket();
    super({
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      options: SERVER_KEEP_ALIVE,
      ...config,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      stream: () => socket,
    });
    this.#socket = socket;
    socket.setTimeout(CONNECT_SILENCE_MS, () => {
      if (!this.#isConnected) socket.destroy(new Error(`no answer within ${CONNECT_SILENCE_MS} ms`));
    });
    this.once('connect', () => {
      this.#isConnected = true;
      socket.setTimeout(0);
    });
    // Listened to from the beginning to the end: an 'error' that nobody listens to would end the process.
    this.on('error', (error) => this.giveUp(error));
    this.on('end', () => this.giveUp(new Error('the connection has ended')));
  }

  /** The process of the server's that works for this connection. */
  get pid(): number | null {
    return 'processID' in this && typeof this.processID === 'number' ? this.processID : null;
  }

  /** `I` outside of a transaction, `T` in one, `E` in one that failed, null before the first statement. */
  get transactionStatus(): string | null {
    if (!('getTransactionStatus' in this) || typeof this.getTransactionStatus !== 'function') return null;
    const status: unknown = this.getTransactionStatus();
    return typeof status === 'string' ? status : null;
  }

  /** Why this connection is good for nothing any more; null while it is. */
  get lost(): Error | null {
    return this.#lost;
  }

  /** The first reason counts. */
  giveUp(reason: Error): void {
    this.#lost ??= reason;
  }

  /** Ends the connection without a word to the other end, which may be gone. Whatever is under way on it fails. */
  cut(): void {
    this.#socket.destroy();
  }
}

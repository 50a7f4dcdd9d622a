import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A WebSocket that says exactly what a test wants said, and keeps what it hears until somebody asks. */
export interface RawClient extends AsyncDisposable {
  readonly socket: WebSocket;
  send(message: unknown): void;
  /** The next message that was not asked for yet, heartbeats left out. Rejects when the socket closes first. */
  next(): Promise<RawMessage>;
  /** Every message waiting to be asked for, now. */
  readonly waiting: readonly RawMessage[];
  readonly closed: Promise<{ code: number; reason: string }>;
}

export interface RawMessage {
  readonly type: string;
  readonly id?: string;
  readonly payload?: {
    readonly data?: Record<string, { id: string; version: number }> | null;
    readonly errors?: readonly { message: string; extensions?: Record<string, unknown> }[];
    readonly extensions?: Record<string, unknown>;
  } & Record<string, unknown>;
}

export async function connectRaw(
  url: string,
  protocol: string | undefined = 'graphql-transport-ws',
  headers: Record<string, string> = {},
): Promise<RawClient> {
  const socket = new WebSocket(url, protocol === '' ? [] : [protocol], { headers });
  const messages: RawMessage[] = [];
  const askers: { resolve(message: RawMessage): void; reject(error: Error): void }[] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      for (const { reject } of askers.splice(0))
        reject(new Error(`closed with ${code} ${reason.toString()}`));
      resolve({ code, reason: reason.toString() });
    });
  });
  socket.on('error', () => {});
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as RawMessage;
    if (message.type === 'ka') return;
    const asker = askers.shift();
    if (asker === undefined) messages.push(message);
    else asker.resolve(message);
  });
  await once(socket, 'open');
  return {
    socket,
    waiting: messages,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next() {
      const message = messages.shift();
      if (message !== undefined) return Promise.resolve(message);
      return new Promise((resolve, reject) => askers.push({ resolve, reject }));
    },
    async [Symbol.asyncDispose]() {
      socket.terminate();
      await closed;
    },
  };
}

/** Connected and acknowledged. */
export async function connectAcknowledged(
  url: string,
  payload?: Record<string, unknown>,
): Promise<RawClient> {
  const client = await connectRaw(url);
  client.send({ type: 'connection_init', payload });
  await client.next();
  return client;
}

export function subscribeMessage(id: string, query: string, rest: Record<string, unknown> = {}) {
  return { id, type: 'subscribe', payload: { query, ...rest } };
}

export function itemChanged(item: string): string {
  return `subscription { itemChanged(id: "${item}") { id version owner { name } } }`;
}

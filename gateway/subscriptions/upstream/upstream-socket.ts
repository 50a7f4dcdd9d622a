import type { GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { parseExactJson } from '#gateway/json/exact-json.ts';
import { WebSocket } from 'ws';
import type { ForwardedHeaders, SubgraphAnswer, SubgraphRequest } from '#gateway/upstream/upstream.ts';
import type { Cursor } from '#gateway/subscriptions/live-event.ts';
import type { LiveMetrics } from '#gateway/subscriptions/live-metrics.ts';
import { COMPLETED, failure, type StreamEnd } from '#gateway/subscriptions/subscriber.ts';

/*
 * One graphql-transport-ws socket to one subgraph, for many streams. Its states:
 *
 *   new ─open()─▶ connecting ─connection_ack─▶ ready ─the last stream left, a while ago─▶ closed
 *                  ▲     └──────lost───┐        │
 *                  └─back-off─ waiting ◀──lost──┘       waiting ─away for too long─▶ closed, every stream failed
 *
 * Whenever it becomes ready, every stream is subscribed, each behind the last event that it has received. A closed one
 * is not opened again.
 */

export interface UpstreamSink {
  /** Where to resume: the last event received, or where the stream is to begin. */
  cursor(): Cursor | undefined;
  next(answer: SubgraphAnswer): void;
  end(end: StreamEnd): void;
}

export interface UpstreamSocketOptions {
  readonly subgraph: string;
  readonly url: string;
  /** Payload of `connection_init`, and headers of the upgrade request. */
  readonly greeting: Readonly<Record<string, string>>;
  /** Send each stream's headers in `extensions.headers` of its subscribe message. */
  readonly headersPerOperation: boolean;
  readonly connectTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly resumeWithinMs: number;
  readonly maxMessageBytes: number;
  readonly metrics: LiveMetrics;
  readonly logger: Logger;
  /** It is closed: whoever comes next has to open another. */
  readonly onClosed: () => void;
}

export interface UpstreamSocket extends Disposable {
  readonly streams: number;
  /** Starts a stream, which outlives the connection. The returned function ends it at once. */
  open(request: SubgraphRequest, headers: ForwardedHeaders, sink: UpstreamSink): () => void;
}

interface Operation {
  id: string;
  readonly request: SubgraphRequest;
  readonly headers: ForwardedHeaders;
  readonly sink: UpstreamSink;
}

const PROTOCOL = 'graphql-transport-ws';
const BACK_OFF_FIRST_MS = 100;
const BACK_OFF_MOST_MS = 5_000;
/** A connection that held for so long was a real one: the next loss starts counting anew. */
const STABLE_MS = 2_000;
/** A socket without streams is kept for so long, for whoever comes next. */
const LINGER_MS = 10_000;
/** Close codes by which a subgraph refuses who asks, as against being away. */
const REFUSALS: Readonly<Record<number, string>> = { 4401: 'UNAUTHENTICATED', 4403: 'FORBIDDEN' };

export function createUpstreamSocket(options: UpstreamSocketOptions): UpstreamSocket {
  const { subgraph, url, metrics, logger } = options;
  const operations = new Map<string, Operation>();
  let socket: WebSocket | undefined;
  let ready = false;
  let readySince = 0;
  let heardSincePing = true;
  let awaySince: number | undefined;
  let attempts = 0;
  let lastId = 0;
  let lastProblem = '';
  let closed = false;
  /** The one thing waited for: acknowledgement, next attempt or the end of lingering. */
  let timer: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;

  function connect(): void {
    awaySince ??= Date.now();
    const opened = new WebSocket(url, PROTOCOL, {
      headers: { ...options.greeting },
      handshakeTimeout: options.connectTimeoutMs,
      maxPayload: options.maxMessageBytes,
      perMessageDeflate: false,
      closeTimeout: options.connectTimeoutMs,
    } as ConstructorParameters<typeof WebSocket>[2]);
    socket = opened;
    metrics.upstreamSockets += 1;
    wait(options.connectTimeoutMs, () => {
      lastProblem = 'no connection_ack in time';
      opened.terminate();
    });
    opened.on('open', () => send({ type: 'connection_init', payload: options.greeting }));
    // The library gives text messages as one Buffer unless told otherwise.
    opened.on('message', (data: Buffer) => {
      if (opened === socket) receive(data.toString());
    });
    opened.on('pong', () => {
      heardSincePing = true;
    });
    opened.on('error', (error) => {
      lastProblem = error.message;
    });
    opened.on('close', (code, reason) => {
      metrics.upstreamSockets -= 1;
      if (opened === socket) lost(code, reason.toString());
    });
  }

  function send(message: unknown): void {
    socket?.send(JSON.stringify(message));
  }

  function receive(text: string): void {
    heardSincePing = true;
    const message = parse(text);
    switch (message?.type) {
      case 'connection_ack':
        return becomeReady();
      case 'next':
        attempts = 0;
        awaySince = undefined;
        return operations.get(String(message.id))?.sink.next(asAnswer(message.payload));
      case 'error':
        return finish(String(message.id), { kind: 'failed', errors: asErrors(message.payload) });
      case 'complete':
        return finish(String(message.id), COMPLETED);
      case 'ping':
        return send({ type: 'pong' });
      case 'pong':
        return;
      default:
        lastProblem = 'a message that is not graphql-transport-ws';
        socket?.terminate();
    }
  }

  function becomeReady(): void {
    if (ready) return;
    ready = true;
    readySince = Date.now();
    clearTimeout(timer);
    if (attempts > 0)
      logger.info({ subgraph, attempts, streams: operations.size }, 'live connection is back');
    heartbeat = setInterval(beat, options.heartbeatMs);
    for (const operation of Array.from(operations.values())) subscribe(operation);
    if (operations.size === 0) linger();
  }

  function subscribe(operation: Operation): void {
    const { sink, headers } = operation;
    // A new id each time: what a subgraph still says about the old one is not meant for the resumed stream.
    operations.delete(operation.id);
    operation.id = String((lastId += 1));
    operations.set(operation.id, operation);
    const cursor = sink.cursor();
    const extensions = {
      ...(options.headersPerOperation && Object.keys(headers).length > 0 && { headers }),
      ...(cursor !== undefined && { cursor }),
    };
    const payload = { ...operation.request, ...(Object.keys(extensions).length > 0 && { extensions }) };
    send({ id: operation.id, type: 'subscribe', payload });
  }

  function finish(id: string, end: StreamEnd): void {
    const operation = operations.get(id);
    if (operation === undefined) return;
    operations.delete(id);
    if (operations.size === 0) linger();
    operation.sink.end(end);
  }

  function beat(): void {
    if (!heardSincePing) {
      lastProblem = 'no sign of life';
      socket?.terminate();
      return;
    }
    heardSincePing = false;
    socket?.ping();
  }

  function lost(code: number, reason: string): void {
    const held = ready && Date.now() - readySince >= STABLE_MS;
    disconnect();
    if (operations.size === 0) return close();
    const refusal = options.headersPerOperation ? undefined : REFUSALS[code];
    if (refusal !== undefined) return failAll(failure(refusal, reason));
    if (held || awaySince === undefined) {
      awaySince = Date.now();
      attempts = 0;
    }
    attempts += 1;
    metrics.upstreamReconnects += 1;
    const most = Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** (attempts - 1));
    const delayMs = most / 2 + (Math.random() * most) / 2;
    const leftMs = awaySince + options.resumeWithinMs - Date.now();
    logger.warn(
      { subgraph, code, reason: reason || lastProblem, streams: operations.size },
      'live connection lost',
    );
    if (leftMs <= 0) {
      return failAll(
        failure(
          'SUBGRAPH_UNREACHABLE',
          `the live connection to ${subgraph} was away for too long: ${lastProblem}`,
          {
            retryable: true,
          },
        ),
      );
    }
    wait(Math.min(delayMs, leftMs), connect);
  }

  function failAll(end: StreamEnd): void {
    const failed = [...operations.values()];
    operations.clear();
    close();
    for (const { sink } of failed) sink.end(end);
  }

  /** Forgets the socket: nothing that it may still say counts. */
  function disconnect(): void {
    clearTimeout(timer);
    clearInterval(heartbeat);
    socket = undefined;
    ready = false;
    heardSincePing = true;
  }

  /** The end of this object's life. */
  function close(): void {
    if (closed) return;
    closed = true;
    const old = socket;
    disconnect();
    awaySince = undefined;
    attempts = 0;
    old?.close(1000);
    options.onClosed();
  }

  function linger(): void {
    if (ready) wait(LINGER_MS, close).unref();
    else close();
  }

  function wait(ms: number, then: () => void): NodeJS.Timeout {
    clearTimeout(timer);
    timer = setTimeout(then, ms);
    return timer;
  }

  return {
    get streams() {
      return operations.size;
    },
    open(request, headers, sink) {
      const operation: Operation = { id: `new ${(lastId += 1)}`, request, headers, sink };
      if (operations.size === 0 && ready) clearTimeout(timer);
      operations.set(operation.id, operation);
      if (ready) subscribe(operation);
      else if (socket === undefined && operations.size === 1) connect();
      return () => {
        if (operations.get(operation.id) !== operation) return;
        operations.delete(operation.id);
        if (ready) send({ id: operation.id, type: 'complete' });
        if (operations.size === 0) linger();
      };
    },
    [Symbol.dispose]() {
      operations.clear();
      close();
    },
  };
}

interface Message {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly payload?: unknown;
}

function parse(text: string): Message | undefined {
  try {
    const message = parseExactJson(text);
    return isRecord(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function asAnswer(payload: unknown): SubgraphAnswer {
  return isRecord(payload) ? payload : {};
}

function asErrors(payload: unknown): GraphQLFormattedError[] {
  const errors = Array.isArray(payload) ? payload : [payload];
  return errors.map((error) =>
    isRecord(error) && typeof error['message'] === 'string'
      ? { ...error, message: error['message'] }
      : { message: 'unknown error' },
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { Logger } from 'pino';
import { WebSocket } from 'ws';
import type { SubgraphAnswer } from '#gateway/subgraphs/calls/calls.ts';
import type { LiveMetrics } from '#gateway/live/live-metrics.ts';
import { COMPLETED, failure, type StreamEnd } from '#gateway/live/subscriber.ts';
import {
  closedFor,
  codeOfUnreadable,
  isFault,
  isRefusal,
  refusalOfUpgrade,
  type UpstreamClose,
} from './upstream-closes.ts';
import { asAnswer, asErrors, idOf, idOfLarge, parseMessage } from './upstream-messages.ts';
import type { UpstreamStream } from './upstream-stream.ts';

/*
 * One graphql-transport-ws socket to one subgraph, for many streams. Its states:
 *
 *   new ─add()─▶ connecting ─connection_ack─▶ ready ─the last stream left, a while ago─▶ closed
 *                  ▲     └──────lost───┐        │  └─closed by a fault of some stream─▶ closed, its streams handed over
 *                  └─back-off─ waiting ◀──lost──┘       waiting ─away for too long─▶ closed, every stream failed
 *
 * Whenever it becomes ready, every stream is subscribed, each behind the last event that it has received. A closed one
 * is not opened again. Which stream was at fault is not to be seen from here: see `socket-pool.ts`.
 */

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
  /** Of what the subgraph sends, and of what it takes. */
  readonly maxMessageBytes: number;
  readonly maxRequestBytes: number;
  readonly metrics: LiveMetrics;
  readonly logger: Logger;
}

export interface UpstreamSocketEvents {
  /** It is closed: whoever comes next has to open another. Comes before `onFault`. */
  onClosed(): void;
  /**
   * It was closed, for good, for what one of these streams had said or had been told, or (not `certain`) keeps being lost as
   * soon as they are on it.
   */
  onFault(streams: readonly UpstreamStream[], close: UpstreamClose, certain: boolean): void;
}

export interface UpstreamSocket extends Disposable {
  readonly streams: ReadonlyMap<string, UpstreamStream>;
  /** For how long it has been ready without a break, in ms. */
  readonly readyForMs: number;
  /** Starts a stream, or goes on with it behind its cursor. It outlives the connection. */
  add(stream: UpstreamStream): void;
  /** Ends it at once, upstream too. */
  remove(stream: UpstreamStream): void;
}

const OVERLOADED = failure('SUBGRAPH_OVERLOADED', 'too many subscriptions at once', { retryable: true });
const PROTOCOL = 'graphql-transport-ws';
const BACK_OFF_FIRST_MS = 100;
const BACK_OFF_MOST_MS = 5_000;
/** A connection that held for so long was a real one: the next loss starts counting anew. */
export const STABLE_MS = 2_000;
/** After so many losses of connections that did not hold, one of the streams may be why. */
const SUSPICIOUS_LOSSES = 2;
/** Up to so much beyond the bound, and twice the bound, a message is read as far as to tell whose it was. */
const ROOM_FOR_LARGE_BYTES = 32 * 1024 * 1024;
/** A socket without streams is kept for so long, for whoever comes next. */
const LINGER_MS = 10_000;

export function createUpstreamSocket(
  options: UpstreamSocketOptions,
  events: UpstreamSocketEvents,
): UpstreamSocket {
  const { subgraph, url, metrics, logger } = options;
  const streams = new Map<string, UpstreamStream>();
  let socket: WebSocket | undefined;
  let ready = false;
  let readySince = 0;
  let heardSincePing = true;
  let awaySince: number | undefined;
  let attempts = 0;
  let shortLived = 0;
  let lastId = 0;
  let lastProblem = '';
  let closed = false;
  /** The one thing waited for: acknowledgement, next attempt or the end of lingering. */
  let timer: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;

  function connect(): void {
    awaySince ??= Date.now();
    let opened: WebSocket;
    try {
      opened = new WebSocket(url, PROTOCOL, {
        headers: { ...options.greeting },
        handshakeTimeout: options.connectTimeoutMs,
        maxPayload: 2 * options.maxMessageBytes + ROOM_FOR_LARGE_BYTES,
        perMessageDeflate: false,
        closeTimeout: options.connectTimeoutMs,
      } as ConstructorParameters<typeof WebSocket>[2]);
    } catch (error) {
      // An address or a header that the library refuses. Not at once: whoever adds a stream is not ready for its end.
      const reason = error instanceof Error ? error.message : String(error);
      wait(0, () =>
        failAll(failure('SUBGRAPH_UNREACHABLE', `${subgraph} cannot be connected to: ${reason}`)),
      );
      return;
    }
    socket = opened;
    metrics.upstreamSockets += 1;
    wait(options.connectTimeoutMs, () => {
      lastProblem = 'no connection_ack in time';
      opened.terminate();
    });
    opened.on('open', () => send({ type: 'connection_init', payload: options.greeting }));
    // The library gives text messages as one Buffer unless told otherwise.
    opened.on('message', (data: Buffer) => {
      if (opened !== socket) return;
      if (data.length > options.maxMessageBytes) refuseLarge(data);
      else receive(data.toString());
    });
    opened.on('pong', () => {
      heardSincePing = true;
    });
    opened.on('error', (error) => {
      lastProblem = error.message;
      const code = codeOfUnreadable(error) ?? refusalOfUpgrade(error);
      // Not only when the subgraph has answered the closing, for which the others would wait.
      if (code !== undefined && opened === socket) giveUp({ code, reason: error.message });
    });
    opened.on('close', (code, reason) => {
      metrics.upstreamSockets -= 1;
      if (opened === socket) lost({ code, reason: reason.toString() });
    });
  }

  function send(message: unknown): void {
    socket?.send(JSON.stringify(message));
  }

  function receive(text: string): void {
    heardSincePing = true;
    const message = parseMessage(text);
    if (message === undefined) return giveUp({ code: 4400, reason: 'a message that is no JSON object' });
    const id = idOf(message);
    switch (message.type) {
      case 'connection_ack':
        return becomeReady();
      case 'next': {
        const stream = streams.get(id);
        if (stream === undefined) return;
        const answer = asAnswer(message.payload);
        if (answer === undefined) return refuse(stream, 'an event without a result');
        attempts = 0;
        awaySince = undefined;
        stream.proven = true;
        return give(stream, answer);
      }
      case 'error':
        return finish(id, { kind: 'failed', errors: asErrors(message.payload) });
      case 'complete':
        return finish(id, COMPLETED);
      case 'ping':
        return send({ type: 'pong' });
      case 'pong':
        return;
      default: {
        // Of a type that is not known: it concerns the stream that it names, or nobody.
        const stream = streams.get(id);
        if (stream !== undefined)
          refuse(stream, `a message of type ${JSON.stringify(message.type)?.slice(0, 40)}`);
      }
    }
  }

  /** What one event does to its stream is that stream's: the next message on this socket may be for another. */
  function give(stream: UpstreamStream, answer: SubgraphAnswer): void {
    try {
      stream.sink.next(answer);
    } catch (error) {
      logger.error({ err: error, subgraph }, 'a live event could not be taken');
      refuse(stream, 'an event that could not be taken');
    }
  }

  /** What the subgraph says of one stream cannot be understood: that stream ends. */
  function refuse(stream: UpstreamStream, what: string): void {
    send({ id: stream.id, type: 'complete' });
    finish(stream.id, failure('SUBGRAPH_BAD_RESPONSE', `${subgraph} sent ${what}`));
  }

  function becomeReady(): void {
    if (ready) return;
    ready = true;
    readySince = Date.now();
    clearTimeout(timer);
    if (attempts > 0) logger.info({ subgraph, attempts, streams: streams.size }, 'live connection is back');
    heartbeat = setInterval(beat, options.heartbeatMs);
    for (const stream of Array.from(streams.values())) subscribe(stream);
    if (streams.size === 0) linger();
  }

  function subscribe(stream: UpstreamStream): void {
    const { sink, headers } = stream;
    streams.delete(stream.id);
    stream.id = String((lastId += 1));
    streams.set(stream.id, stream);
    const cursor = sink.cursor();
    const extensions = {
      ...(options.headersPerOperation && Object.keys(headers).length > 0 && { headers }),
      ...(cursor !== undefined && { cursor }),
    };
    const payload = { ...stream.request, ...(Object.keys(extensions).length > 0 && { extensions }) };
    const text = JSON.stringify({ id: stream.id, type: 'subscribe', payload });
    const bytes = Buffer.byteLength(text);
    if (bytes > options.maxRequestBytes) return refuseLater(stream, tooLarge(bytes));
    // Whoever has been asked for before is not refused for what others send now.
    const waiting = socket?.bufferedAmount ?? 0;
    if (stream.askedAt === 0 && waiting > 2 * options.maxRequestBytes) return refuseLater(stream, OVERLOADED);
    stream.askedAt = Date.now();
    socket?.send(text);
    sink.asked();
  }

  /** A message over the bound ends its stream. The library would close the socket, and nobody could say for whom. */
  function refuseLarge(data: Buffer): void {
    heardSincePing = true;
    const stream = streams.get(idOfLarge(data));
    if (stream === undefined) return;
    const why = `${subgraph} sent an event of ${data.length} bytes, and at most ${options.maxMessageBytes} are taken`;
    send({ id: stream.id, type: 'complete' });
    finish(stream.id, failure('SUBGRAPH_TOO_LARGE', why));
  }

  /** Not at once: whoever adds a stream is not ready for its end. */
  function refuseLater(stream: UpstreamStream, end: StreamEnd): void {
    const { id } = stream;
    setImmediate(() => {
      if (streams.get(id) === stream) finish(id, end);
    });
  }

  function tooLarge(bytes: number): StreamEnd {
    const most = options.maxRequestBytes;
    const why = `This subscription has ${bytes} bytes on its way to ${subgraph}, which takes ${most}: ask for less.`;
    return failure('SUBSCRIPTION_TOO_LARGE', why);
  }

  function finish(id: string, end: StreamEnd): void {
    const stream = streams.get(id);
    if (stream === undefined) return;
    streams.delete(id);
    if (streams.size === 0) linger();
    stream.sink.end(end);
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

  function giveUp(close: UpstreamClose): void {
    const old = socket;
    lost(close);
    old?.terminate();
  }

  function lost(end: UpstreamClose): void {
    const wasReady = ready;
    const held = wasReady && Date.now() - readySince >= STABLE_MS;
    disconnect();
    if (streams.size === 0) return close();
    const { code } = end;
    if (end.reason !== '') lastProblem = end.reason;
    for (const stream of streams.values()) stream.proven ||= held && stream.askedAt <= Date.now() - STABLE_MS;
    if (!options.headersPerOperation && isMeant(code, wasReady)) return failAll(closedFor(subgraph, end));
    shortLived = held ? 0 : shortLived + (wasReady ? 1 : 0);
    if (wasReady && isFault(code)) return handOver(end, true);
    if (shortLived >= SUSPICIOUS_LOSSES && streams.size > 1) return handOver(end, false);
    if (held || awaySince === undefined) {
      awaySince = Date.now();
      attempts = 0;
    }
    attempts += 1;
    metrics.upstreamReconnects += 1;
    const most = Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** (attempts - 1));
    const delayMs = most / 2 + (Math.random() * most) / 2;
    const leftMs = awaySince + options.resumeWithinMs - Date.now();
    logger.warn({ subgraph, code, reason: lastProblem, streams: streams.size }, 'live connection lost');
    if (leftMs > 0) return void wait(Math.min(delayMs, leftMs), connect);
    const why = `the live connection to ${subgraph} was away for too long: ${lastProblem}`;
    failAll(failure('SUBGRAPH_UNREACHABLE', why, { retryable: true }));
  }

  /** Of a connection that is one identity's: whether it was refused for who asks. Not the greeting of one served before. */
  function isMeant(code: number, wasReady: boolean): boolean {
    if (isRefusal(code)) return true;
    return !wasReady && isFault(code) && !Array.from(streams.values()).some(({ proven }) => proven);
  }

  function handOver(end: UpstreamClose, certain: boolean): void {
    const left = [...streams.values()];
    streams.clear();
    logger.warn({ subgraph, ...end, streams: left.length }, 'live connection closed for one of its streams');
    metrics.upstreamReconnects += 1;
    close();
    events.onFault(left, end, certain);
  }

  function failAll(end: StreamEnd): void {
    const failed = [...streams.values()];
    streams.clear();
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
    old?.close(1000);
    events.onClosed();
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
    streams,
    get readyForMs() {
      return ready ? Date.now() - readySince : 0;
    },
    add(stream) {
      stream.id = `new ${(lastId += 1)}`;
      if (streams.size === 0 && ready) clearTimeout(timer);
      streams.set(stream.id, stream);
      if (ready) subscribe(stream);
      else if (socket === undefined && streams.size === 1) connect();
    },
    remove(stream) {
      if (streams.get(stream.id) !== stream) return;
      streams.delete(stream.id);
      if (ready) send({ id: stream.id, type: 'complete' });
      if (streams.size === 0) linger();
    },
    [Symbol.dispose]() {
      streams.clear();
      close();
    },
  };
}

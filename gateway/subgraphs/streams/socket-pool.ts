import type { LiveMetrics } from '#gateway/live/live-metrics.ts';
import { createSocketExposure, type SocketExposure } from './socket-exposure.ts';
import { closedFor, isUnreadable, mayPass, type UpstreamClose } from './upstream-closes.ts';
import { STABLE_MS, type UpstreamSocket, type UpstreamSocketEvents } from './upstream-socket.ts';
import type { UpstreamStream } from './upstream-stream.ts';

/*
 * The sockets of one subgraph and one identity, and which stream is on which. Streams that have a cursor share one: if it
 * is closed they go on behind that. One without a cursor would lose what is sent until it is back, so nobody comes to the
 * socket on which it is but those of its own client, and it never moves, as long as there are sockets enough; then
 * newcomers go where the fewest such clients are.
 *
 * When a socket is closed for what one of its streams said or was told, nobody can see whose it was, so suspects are taken
 * apart:
 *
 *   shared ──closed by a fault─┬─▶ settled streams: on another shared socket, as if they were new, at once
 *                              └─▶ suspects: on probation, each on a socket of its own, at once
 *   probation ─closed, alone on it──▶ found out: ended with the close code and reason
 *             ─closed, several on it─▶ taken apart again
 *             ─held for a while────▶ shared, where they can be resumed without a loss; otherwise they stay there
 *
 * Suspects are those that were asked for just before, or were there at another such close; without any, all are. More of
 * them than sockets may be opened at once share those, so that 2,000 streams take two rounds, of which the first already
 * separates nearly all from the culprit. For a while after such a close newcomers begin on probation, too: whoever repeats
 * it disturbs nobody any more.
 */

export interface SocketPool extends Disposable {
  open(stream: UpstreamStream): void;
  close(stream: UpstreamStream): void;
}

export interface SocketPoolOptions {
  readonly subgraph: string;
  readonly streamsPerSocket: number;
  /** Shared sockets that may be opened to keep clients apart. */
  readonly socketsToPart: number;
  readonly probationMs: number;
  /** Remember a fault also when no stream is left: the next one may be another client's. */
  readonly outlastsStreams: boolean;
  readonly metrics: LiveMetrics;
  connect(events: UpstreamSocketEvents): UpstreamSocket;
  /** Nothing is left of it. */
  onEmpty(): void;
}

type Kind = 'shared' | 'probation' | 'apart';

interface Held {
  kind: Kind;
  readonly exposure: SocketExposure;
}

interface Standing {
  socket: UpstreamSocket | undefined;
  /** When it was last on a socket that was closed by a fault; undefined when never. */
  suspectedAt: number | undefined;
  /** How often it was alone on one. */
  loneFaults: number;
}

/** Sockets on probation at once. */
const PROBATION_SOCKETS = 32;
/** Sockets in all: beyond it newcomers share also those that are kept apart. */
const SOCKETS_AT_MOST = 256;
const LOOK_MOST_MS = 1_000;
/** How long a fault is remembered. */
const WARY_MS = 5 * 60_000;
/** A stream that was served before may have been ended by a passing trouble of the subgraph's: it gets so many tries. */
const TRIES = 3;
const RETRY_MS = 200;

export function createSocketPool(options: SocketPoolOptions): SocketPool {
  const { subgraph, streamsPerSocket, socketsToPart, probationMs, metrics } = options;
  const held = new Map<UpstreamSocket, Held>();
  const standings = new Map<UpstreamStream, Standing>();
  let waryUntil = 0;
  let looking: NodeJS.Timeout | undefined;

  function connect(kind: Kind): UpstreamSocket {
    const socket = options.connect({
      onClosed: () => {
        held.delete(socket);
        forgetIfEmpty();
      },
      onFault: takeApart,
    });
    held.set(socket, { kind, exposure: createSocketExposure() });
    if (kind === 'probation') looking ??= setInterval(release, Math.min(LOOK_MOST_MS, probationMs)).unref();
    return socket;
  }

  function forgetIfEmpty(): void {
    if (held.size > 0 || standings.size > 0) return;
    clearInterval(looking);
    looking = undefined;
    if (!options.outlastsStreams || Date.now() >= waryUntil) options.onEmpty();
  }

  function socketsOf(kind: Kind): UpstreamSocket[] {
    return [...held].flatMap(([socket, its]) => (its.kind === kind ? [socket] : []));
  }

  function hasRoom({ streams }: UpstreamSocket): boolean {
    return streams.size < streamsPerSocket;
  }

  function put(stream: UpstreamStream, socket: UpstreamSocket): void {
    const standing = standings.get(stream);
    // It has left in the meantime.
    if (standing === undefined) return;
    standing.socket = socket;
    if (stream.sink.cursor() === undefined) held.get(socket)?.exposure.add(stream);
    socket.add(stream);
  }

  function takeOff(stream: UpstreamStream, socket: UpstreamSocket): void {
    held.get(socket)?.exposure.remove(stream);
    socket.remove(stream);
  }

  /** Of so many the one where the fewest clients would lose something for this newcomer, and of those the emptiest. */
  function leastExposed(
    sockets: readonly UpstreamSocket[],
    stream: UpstreamStream,
  ): UpstreamSocket | undefined {
    let best: UpstreamSocket | undefined;
    let least = Infinity;
    for (const socket of sockets) {
      if (!hasRoom(socket)) continue;
      const others = held.get(socket)?.exposure.othersThan(stream) ?? 0;
      if (others > least || (others === least && best && socket.streams.size >= best.streams.size)) continue;
      best = socket;
      least = others;
    }
    return best;
  }

  /** The first socket where nobody would lose anything, or a new one; with too many of them, the least exposed. */
  function shared(stream: UpstreamStream): UpstreamSocket {
    let sockets = 0;
    for (const [socket, { kind, exposure }] of held) {
      if (kind !== 'shared') continue;
      sockets += 1;
      if (hasRoom(socket) && exposure.othersThan(stream) === 0) return socket;
    }
    if (sockets < socketsToPart && held.size < SOCKETS_AT_MOST) return connect('shared');
    return leastExposed(socketsOf('shared'), stream) ?? connect('shared');
  }

  /** A socket that endangers nobody who is known to be good, and as few others as may be. */
  function probation(stream: UpstreamStream): UpstreamSocket {
    const there = socketsOf('probation');
    if (there.length < PROBATION_SOCKETS && held.size < SOCKETS_AT_MOST) return connect('probation');
    return leastExposed(there.length > 0 ? there : [...held.keys()], stream) ?? connect('probation');
  }

  function takeApart(streams: readonly UpstreamStream[], close: UpstreamClose, certain: boolean): void {
    const now = Date.now();
    waryUntil = now + WARY_MS;
    metrics.upstreamFaults += 1;
    const [first] = streams;
    if (first !== undefined && streams.length === 1) return judge(first, close);
    const isSuspect = (stream: UpstreamStream) => {
      const { suspectedAt } = standings.get(stream) ?? {};
      return now - stream.askedAt < STABLE_MS || (suspectedAt !== undefined && now - suspectedAt < WARY_MS);
    };
    const some = certain ? streams.filter(isSuspect) : [];
    const suspects = new Set(some.length > 0 ? some : streams);
    for (const stream of streams) {
      const standing = standings.get(stream);
      if (standing !== undefined) standing.suspectedAt = now;
    }
    for (const stream of streams) if (!suspects.has(stream)) put(stream, shared(stream));
    // Two at least, so that it comes to an end when many are closed at once.
    const most = Math.max(2, PROBATION_SOCKETS - socketsOf('probation').length);
    const apart = Array.from({ length: Math.min(suspects.size, most) }, () => connect('probation'));
    for (const [index, stream] of Array.from(suspects).entries()) {
      put(stream, apart[index % apart.length] ?? connect('probation'));
    }
  }

  /** It was alone on the socket that was closed. */
  function judge(stream: UpstreamStream, close: UpstreamClose): void {
    const standing = standings.get(stream);
    if (standing === undefined) return;
    const wasSettled = Date.now() - stream.askedAt >= STABLE_MS;
    standing.suspectedAt = Date.now();
    standing.loneFaults += 1;
    // What closes a connection after a long time may be a rule of the subgraph's, such as how long one may last.
    const goesOn = !isUnreadable(close.code) && (wasSettled || (mayPass(close.code) && stream.proven));
    if (!goesOn || (standing.loneFaults > TRIES && !wasSettled)) {
      standings.delete(stream);
      stream.sink.end(closedFor(subgraph, close));
      return forgetIfEmpty();
    }
    standing.socket = undefined;
    if (wasSettled) return put(stream, connect('probation'));
    setTimeout(() => {
      if (standings.get(stream) === standing) put(stream, connect('probation'));
    }, RETRY_MS * standing.loneFaults);
  }

  /** Those who have held long enough come together again. */
  function release(): void {
    const passed = socketsOf('probation').filter(({ readyForMs }) => readyForMs >= probationMs);
    const isTrusted = (stream: UpstreamStream) => standings.get(stream)?.loneFaults === 0;
    // Without a cursor it would lose what comes in between.
    const stays = ({ sink }: UpstreamStream) => sink.cursor() === undefined;
    const some = ({ streams }: UpstreamSocket, is: (stream: UpstreamStream) => boolean) =>
      [...streams.values()].some(is);
    // Those that the others may come to are looked at first.
    passed.sort((a, b) => Number(some(a, stays)) - Number(some(b, stays)));
    for (const socket of passed) {
      const its = held.get(socket);
      if (its === undefined) continue;
      const home = socketsOf('shared').find((other) => hasRoom(other) && !some(other, stays));
      for (const stream of socket.streams.values()) {
        if (home === undefined || !hasRoom(home) || !isTrusted(stream) || stays(stream)) continue;
        takeOff(stream, socket);
        put(stream, home);
      }
      its.kind = some(socket, (stream) => !isTrusted(stream)) ? 'apart' : 'shared';
      if (socket.streams.size === 0) socket[Symbol.dispose]();
    }
    if (socketsOf('probation').length > 0) return;
    clearInterval(looking);
    looking = undefined;
  }

  return {
    open(stream) {
      standings.set(stream, { socket: undefined, suspectedAt: undefined, loneFaults: 0 });
      put(stream, Date.now() < waryUntil ? probation(stream) : shared(stream));
    },
    close(stream) {
      const standing = standings.get(stream);
      standings.delete(stream);
      if (standing?.socket !== undefined) takeOff(stream, standing.socket);
      forgetIfEmpty();
    },
    [Symbol.dispose]() {
      clearInterval(looking);
      standings.clear();
      for (const socket of Array.from(held.keys())) socket[Symbol.dispose]();
    },
  };
}

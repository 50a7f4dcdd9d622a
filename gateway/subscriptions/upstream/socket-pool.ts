import type { LiveMetrics } from '#gateway/subscriptions/live-metrics.ts';
import { closedFor, isUnreadable, mayPass, type UpstreamClose } from './upstream-closes.ts';
import { STABLE_MS, type UpstreamSocket, type UpstreamSocketEvents } from './upstream-socket.ts';
import type { UpstreamStream } from './upstream-stream.ts';

/*
 * The sockets of one subgraph and one identity, and which stream is on which. As long as nothing is wrong all are on one.
 * When that is closed for what one of its streams said or was told, nobody can see whose it was, so suspects are taken apart:
 *
 *   shared ──closed by a fault─┬─▶ settled streams: together, on another shared socket, at once
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
  readonly probationMs: number;
  /** Remember a fault also when no stream is left: the next one may be another client's. */
  readonly outlastsStreams: boolean;
  readonly metrics: LiveMetrics;
  connect(events: UpstreamSocketEvents): UpstreamSocket;
  /** Nothing is left of it. */
  onEmpty(): void;
}

type Kind = 'shared' | 'probation' | 'apart';

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
  const { subgraph, streamsPerSocket, probationMs, metrics } = options;
  const kinds = new Map<UpstreamSocket, Kind>();
  const standings = new Map<UpstreamStream, Standing>();
  let waryUntil = 0;
  let looking: NodeJS.Timeout | undefined;

  function connect(kind: Kind): UpstreamSocket {
    const socket = options.connect({
      onClosed: () => {
        kinds.delete(socket);
        forgetIfEmpty();
      },
      onFault: takeApart,
    });
    kinds.set(socket, kind);
    if (kind === 'probation') looking ??= setInterval(release, Math.min(LOOK_MOST_MS, probationMs)).unref();
    return socket;
  }

  function forgetIfEmpty(): void {
    if (kinds.size > 0 || standings.size > 0) return;
    clearInterval(looking);
    looking = undefined;
    if (!options.outlastsStreams || Date.now() >= waryUntil) options.onEmpty();
  }

  function socketsOf(kind: Kind): UpstreamSocket[] {
    return [...kinds].flatMap(([socket, its]) => (its === kind ? [socket] : []));
  }

  function hasRoom({ streams }: UpstreamSocket): boolean {
    return streams.size < streamsPerSocket;
  }

  function put(stream: UpstreamStream, socket: UpstreamSocket): void {
    const standing = standings.get(stream);
    // It has left in the meantime.
    if (standing === undefined) return;
    standing.socket = socket;
    socket.add(stream);
  }

  function shared(): UpstreamSocket {
    for (const [socket, kind] of kinds) if (kind === 'shared' && hasRoom(socket)) return socket;
    return connect('shared');
  }

  /** A socket that endangers nobody who is known to be good, and as few others as may be. */
  function probation(): UpstreamSocket {
    const there = socketsOf('probation');
    if (there.length < PROBATION_SOCKETS && kinds.size < SOCKETS_AT_MOST) return connect('probation');
    const others = there.length > 0 ? there : [...kinds.keys()];
    const [emptiest] = others.filter(hasRoom).sort((a, b) => a.streams.size - b.streams.size);
    return emptiest ?? connect('probation');
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
    for (const stream of streams) if (!suspects.has(stream)) put(stream, shared());
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
    // Without a cursor it would lose what comes in between, so that the others had better come to it.
    const stays = ({ sink }: UpstreamStream) => sink.cursor() === undefined;
    const some = ({ streams }: UpstreamSocket, is: (stream: UpstreamStream) => boolean) =>
      [...streams.values()].some(is);
    passed.sort((a, b) => Number(some(b, stays)) - Number(some(a, stays)));
    for (const socket of passed) {
      const [home] = socketsOf('shared').filter(hasRoom);
      if (home === undefined && !some(socket, (stream) => !isTrusted(stream))) {
        kinds.set(socket, 'shared');
        continue;
      }
      kinds.set(socket, 'apart');
      for (const stream of socket.streams.values()) {
        if (home === undefined || !hasRoom(home) || !isTrusted(stream) || stays(stream)) continue;
        socket.remove(stream);
        put(stream, home);
      }
      if (socket.streams.size === 0) socket[Symbol.dispose]();
    }
    if (socketsOf('probation').length > 0) return;
    clearInterval(looking);
    looking = undefined;
  }

  return {
    open(stream) {
      standings.set(stream, { socket: undefined, suspectedAt: undefined, loneFaults: 0 });
      put(stream, Date.now() < waryUntil ? probation() : shared());
    },
    close(stream) {
      const standing = standings.get(stream);
      standings.delete(stream);
      standing?.socket?.remove(stream);
      forgetIfEmpty();
    },
    [Symbol.dispose]() {
      clearInterval(looking);
      standings.clear();
      for (const socket of Array.from(kinds.keys())) socket[Symbol.dispose]();
    },
  };
}

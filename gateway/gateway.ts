import { createEngine, type Engine, type EngineDeps } from './engine.ts';
import { createSubscriptions, type Subscriptions } from './live/subscriptions.ts';
import { watchSupergraph } from './supergraph/watch.ts';
import { type HttpServer, serveHttp } from './transport/http.ts';

export interface Gateway extends AsyncDisposable {
  readonly engine: Engine;
  readonly live: Subscriptions;
  /** Starts to serve, and to watch the supergraph's file. Rejects when the port is taken. */
  listen(): Promise<{ url: string }>;
  /** Refuses new requests and resolves when those in flight have ended, or `SHUTDOWN_TIMEOUT_MS` have passed. */
  drain(): Promise<void>;
}

/** Wires engine, live engine and transports together. Listens only when told to; disposing it closes everything it opened. */
export function createGateway(deps: EngineDeps): Gateway {
  const { config, logger } = deps;
  const engine = createEngine(deps);
  const live = createSubscriptions({
    engine,
    live: config.live,
    upstream: config.upstream,
    mask: engine.mask,
    logger,
  });
  let http: HttpServer | undefined;
  let watcher: Disposable | undefined;
  return {
    engine,
    live,
    async listen() {
      http ??= await serveHttp({ config, logger, engine, live });
      watcher ??= watchSupergraph({
        file: config.supergraphFile,
        servingId: () => engine.current.supergraph.id,
        onSupergraph: (supergraph) => engine.swap(supergraph),
        onRefused: (reason) =>
          logger.error({ reason: reason.message }, 'new supergraph refused, the old one serves on'),
      });
      return { url: http.url };
    },
    async drain() {
      await http?.drain();
    },
    async [Symbol.asyncDispose]() {
      watcher?.[Symbol.dispose]();
      await http?.[Symbol.asyncDispose]();
      await live[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

import { createLogger, type Logger } from './logger.ts';
import type { ServiceConfig } from './service-settings.ts';
import { explainStartFailure } from './start-failure.ts';

/** What a service's `start` gives back: where it listens, and how it ends. */
export interface RunningService extends AsyncDisposable {
  readonly port: number;
}

const SHUTDOWN_LIMIT_MS = 10_000;

/**
 * The life of a service process: reads the configuration, starts, tells a parent that it is ready, and on SIGTERM,
 * SIGINT or the parent's end stops in good order. Exit codes: 0 stopped, 1 could not start or failed.
 */
export async function runService<Config extends ServiceConfig>(
  name: string,
  readConfig: () => Config,
  start: (config: Config, logger: Logger) => Promise<RunningService>,
): Promise<void> {
  let logger = createLogger(name);
  process.on('uncaughtException', (error) => {
    logger.fatal({ error }, 'uncaught exception');
    process.exit(1);
  });

  // A rejection that nobody waits for is what a request left behind: its state went with it, and it must not take the
  // others along. What is thrown outside of every promise has torn something that all share, and ends the process.
  process.on('unhandledRejection', (error) => {
    logger.error({ error }, 'a promise that nobody waits for was rejected');
  });

  try {
    const config = readConfig();
    logger = createLogger(name, config.LOG_LEVEL);
    const service = await start(config, logger);
    logger.info({ port: service.port }, 'ready');
    process.send?.({ type: 'ready', port: service.port });
    stopOnSignal(service, logger);
  } catch (error) {
    const explained = explainStartFailure(error);
    if (explained !== null) logger.fatal(explained);
    else logger.fatal({ error }, 'could not start');
    process.exit(1);
  }
}

function stopOnSignal(service: RunningService, logger: Logger) {
  let stopping = false;
  async function stop(why: string) {
    if (stopping) return;
    stopping = true;
    logger.info({ why }, 'stopping');
    setTimeout(() => {
      logger.error(`did not stop within ${SHUTDOWN_LIMIT_MS} ms`);
      process.exit(1);
    }, SHUTDOWN_LIMIT_MS).unref();
    try {
      await service[Symbol.asyncDispose]();
      process.exit(0);
    } catch (error) {
      logger.fatal({ error }, 'could not stop in good order');
      process.exit(1);
    }
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  // Nobody is left to stop us once the parent is gone.
  process.on('disconnect', () => void stop('the parent process ended'));
}

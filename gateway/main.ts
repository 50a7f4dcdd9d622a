import { setFlagsFromString } from 'node:v8';
import { pino } from 'pino';
import { logDestination } from '#platform/process/log-destination.ts';
import { ConfigError, type GatewayConfig, readConfig } from './settings.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { createPlanning } from './planning/planning.ts';
import { loadSupergraph } from './supergraph/load.ts';
import { SupergraphError } from './supergraph/supergraph.ts';
import { ExamplesError } from './transport/pages/explorer-examples.ts';
import { ListenError } from './transport/http.ts';

/**
 * The gateway as a process: settings, then `createGateway`, then listening, then signals. Ends with 0 after a signal
 * (or when the parent that holds its IPC channel goes), with 1 when it cannot start.
 */
async function main(): Promise<void> {
  keepRequestsYoung();
  const config = readConfig(process.argv.slice(2), process.env);
  const logger = pino({ name: 'gateway', level: config.logLevel }, logDestination());
  // What a request leaves behind is that request's: it must not take all others along.
  process.on('unhandledRejection', (error) => {
    logger.error({ err: error }, 'a promise that nobody waits for was rejected');
  });
  const supergraph = await loadSupergraph(config.supergraphFile);
  const gateway = createGateway({ config, logger, supergraph, createPlanning });
  await gateway.engine.current.planning.practise(PRACTICE_MS);
  const { url } = await gateway.listen();
  stopOnSignals(gateway, config, logger);
  logger.info(
    { url, supergraph: supergraph.id, subgraphs: [...supergraph.subgraphs.keys()] },
    'gateway ready',
  );
  process.send?.({ type: 'ready', url });
}

/**
 * V8 may decide, from the first seconds' few large requests, that what a place in the code allocates lives long, and put
 * it into the old generation from then on. Nothing that a request allocates does: see decision 0008.
 */
function keepRequestsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}

function stopOnSignals(gateway: Gateway, config: GatewayConfig, logger: pino.Logger): void {
  let stopping = false;
  const stop = async (reason: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ reason }, 'stopping');
    // Past the bound for requests there is nothing left worth waiting for.
    setTimeout(() => process.exit(0), config.shutdownTimeoutMs + CLOSING_MS).unref();
    await gateway.drain();
    await gateway[Symbol.asyncDispose]();
    process.exit(0);
  };
  const onFailure = (error: unknown) => {
    logger.error({ err: error }, 'stopping failed');
    process.exit(1);
  };
  for (const reason of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
    process.on(reason, () => void stop(reason).catch(onFailure));
  }
}

/** Before the first client comes; a planner that has not run yet takes several times as long for an operation. */
const PRACTICE_MS = 400;
/** For closing connections, once requests have ended or their time is up. */
const CLOSING_MS = 2_000;

try {
  await main();
} catch (error) {
  const known =
    error instanceof ConfigError ||
    error instanceof SupergraphError ||
    error instanceof ExamplesError ||
    error instanceof ListenError;
  const text = known ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`gateway: ${text}\n`);
  process.exit(1);
}

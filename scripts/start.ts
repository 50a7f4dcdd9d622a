/**
 * `npm start`: the whole system on this machine, from nothing. Settings in system/settings.ts.
 * Ctrl-C (or SIGTERM) stops it in good order and exits with 0, a second one at once; what cannot start exits with 1.
 */
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import '#system/drizzle-as-commonjs.ts';
import { openDataFolder } from '#system/start/data-folder.ts';
import { ServiceFailedError } from '#system/start/service.ts';
import { loadSettings, type Settings, SettingsError } from '#system/settings.ts';
import type { System } from '#system/start/system.ts';
import { createDisplay, summary } from '#system/start/terminal.ts';

/** npm passes on the Ctrl-C that the terminal has given us already: within this time it is the same one. */
const SAME_SIGNAL_MS = 1_000;
const LOOK_FOR_PARENT_MS = 500;

const display = createDisplay(process.stdout);
const stopping = new AbortController();
let system: System | undefined;
let firstSignalAt = Number.POSITIVE_INFINITY;

function onSignal(signal: string) {
  if (!stopping.signal.aborted) {
    firstSignalAt = performance.now();
    display.line(`  ${signal}: stopping (once more to stop at once)`);
    stopping.abort(new Error(signal));
  } else if (performance.now() - firstSignalAt > SAME_SIGNAL_MS) {
    display.line('  stopping at once');
    for (const service of Object.values(system?.services ?? {})) service.killForGood();
    process.exit(1); // PostgreSQL's guard ends it when we are gone
  }
}

function watchForEnd() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  const parent = process.ppid;
  // As `npm start | head -1` does. A disk that is full, on the other hand, is no reason to end.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' && !stopping.signal.aborted) onSignal('nobody reads this any more');
  });
  process.stderr.on('error', () => {});
  // npm hands signals to the shell between it and us, and that shell may end without passing them on.
  if (process.env['npm_lifecycle_event'] !== 'start') return;
  setInterval(
    () => process.ppid !== parent && !stopping.signal.aborted && onSignal('npm has ended'),
    LOOK_FOR_PARENT_MS,
  ).unref();
}

async function run(settings: Settings) {
  display.line('Starting Ordergraph\n');
  const { startSystem } = await import('#system/start/system.ts'); // only now, to be compiled from the cache
  system = await startSystem({ ...settings, onEvent: display.show, signal: stopping.signal });
  display.line(summary(system, settings.dataFolder, performance.now()));
  await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }));
  await system[Symbol.asyncDispose]();
}

/** One line with the way out. Where an error arose is for whoever asks for it. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof SettingsError || error instanceof ServiceFailedError) return error.message;
  const debugging = ['debug', 'trace'].includes(process.env['LOG_LEVEL'] ?? '');
  return debugging ? String(error.stack) : `${error.message}  (LOG_LEVEL=debug npm start shows where)`;
}

try {
  watchForEnd();
  const settings = loadSettings();
  await openDataFolder(settings.dataFolder); // before anything else makes a folder in it
  enableCompileCache(path.join(settings.dataFolder, 'compile-cache/start'));
  await run(settings);
  display.line('  stopped');
  process.exit(0);
} catch (error) {
  if (stopping.signal.aborted && error === stopping.signal.reason) {
    display.line('  stopped');
    process.exit(0);
  }
  process.stderr.write(`\n${explain(error)}\n`);
  process.exit(1);
}

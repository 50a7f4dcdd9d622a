/* Loaded beside a process that is measured: SIGUSR2 collects garbage, so that what stays can be told from what was left lying. */

process.on('SIGUSR2', () => globalThis.gc?.());

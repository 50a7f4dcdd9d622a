/*
 * Loaded beside a process that is measured: at SIGUSR2 it collects its garbage and writes how many bytes are left in use
 * to HEAP_FILE, so that what stays can be told from what was left lying.
 */
import { renameSync, writeFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const file = process.env['HEAP_FILE'] ?? '';
  writeFileSync(`${file}.new`, String(heapUsed + external));
  renameSync(`${file}.new`, file);
});

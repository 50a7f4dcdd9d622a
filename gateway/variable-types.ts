// What a setting may look like in the environment. Read in `config.ts`; a file of one concern's settings may use these.
import { z } from 'zod';

export const MIB = 1024 * 1024;

/** A whole number within bounds. */
export const integer = (fallback: number, least: number, most = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least).max(most))
    .default(fallback);

/** Items with commas between them. */
export const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

export const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');

/** What is longer than 2^31 - 1 Node's timers take for 1 ms; some wait a little longer than they are told here. */
const LONGEST_TIMER_MS = 2_000_000_000;

/** A time that something waits for: 23 days at most. */
export const milliseconds = (fallback: number, least: number) => integer(fallback, least, LONGEST_TIMER_MS);

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

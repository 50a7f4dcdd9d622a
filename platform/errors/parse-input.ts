import type { z } from 'zod';
import { Refusal } from './refusal.ts';

/** Parses a mutation's input by its zod schema; the first issue becomes the Refusal `INVALID_INPUT` that names the field. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal('INVALID_INPUT', issue?.message ?? 'This input is not valid.', [
    'input',
    ...(issue?.path.map(String) ?? []),
  ]);
}

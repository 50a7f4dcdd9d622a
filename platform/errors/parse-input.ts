import type { z } from 'zod';
import { Refusal } from './refusal.ts';

/**
 * Parses a mutation's input by its zod schema; the first issue becomes the Refusal `INVALID_INPUT` that names the field.
 * Text with a NUL character is refused everywhere: PostgreSQL cannot store it.
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const nul = pathOfNul(input, ['input']);
  if (nul !== null) throw new Refusal('INVALID_INPUT', 'Text must not contain the NUL character.', nul);
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = ['input', ...(issue?.path.map(String) ?? [])];
  throw new Refusal('INVALID_INPUT', issue?.message ?? 'This input is not valid.', path);
}

function pathOfNul(value: unknown, path: readonly string[]): readonly string[] | null {
  if (typeof value === 'string') return value.includes('\0') ? path : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, member] of Object.entries(value)) {
    const found = pathOfNul(member, [...path, name]);
    if (found !== null) return found;
  }
  return null;
}

import type { z } from 'zod';
import { isStorable } from './text.ts';
import { Refusal } from '#platform/refusal/refusal.ts';

/**
 * Parses a mutation's input by its zod schema; the first issue becomes the Refusal `INVALID_INPUT` that names the field.
 * Text that cannot be stored is refused everywhere, whatever the schema says of it: see platform/input/text.ts.
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const unstorable = pathOfUnstorable(input, ['input']);
  if (unstorable !== null)
    throw new Refusal(
      'INVALID_INPUT',
      'Text must be well-formed Unicode without the NUL character.',
      unstorable,
    );
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = ['input', ...(issue?.path.map(String) ?? [])];
  throw new Refusal('INVALID_INPUT', issue?.message ?? 'This input is not valid.', path);
}

function pathOfUnstorable(value: unknown, path: readonly string[]): readonly string[] | null {
  if (typeof value === 'string') return isStorable(value) ? null : path;
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, member] of Object.entries(value)) {
    const found = pathOfUnstorable(member, [...path, name]);
    if (found !== null) return found;
  }
  return null;
}

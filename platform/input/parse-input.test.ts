import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseInput } from './parse-input.ts';
import { asPayload, Refusal } from '#platform/refusal/refusal.ts';

const schema = z.object({
  lines: z.array(z.object({ quantity: z.int().min(1, 'at least 1') })),
  note: z.string().optional(),
});

test('what fits is parsed', () => {
  expect(parseInput(schema, { lines: [{ quantity: 2 }] })).toEqual({ lines: [{ quantity: 2 }] });
});

test('what does not fit is refused by the path of its field', () => {
  const refused = () => parseInput(schema, { lines: [{ quantity: 1 }, { quantity: 0 }] });
  expect(refused).toThrow(
    expect.objectContaining({
      code: 'INVALID_INPUT',
      message: 'at least 1',
      field: ['input', 'lines', '1', 'quantity'],
    }),
  );
});

test('text that PostgreSQL cannot store is refused, wherever it stands', () => {
  const refused = () => parseInput(schema, { lines: [], note: 'a\0b' });
  expect(refused).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: ['input', 'note'] }));
  const half = () => parseInput(schema, { lines: [], note: 'half of a pair: \ud83d' });
  expect(half).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: ['input', 'note'] }));
});

test('a refusal becomes userErrors and nothing else does', async () => {
  const refuse = async () => {
    throw new Refusal('NOT_FOUND', 'There is none.', ['input', 'id']);
  };
  expect(await asPayload(refuse, { order: null })).toEqual({
    order: null,
    userErrors: [{ code: 'NOT_FOUND', field: ['input', 'id'], message: 'There is none.' }],
  });
  expect(await asPayload(async () => ({ order: 1 as number | null }), { order: null })).toEqual({
    order: 1,
    userErrors: [],
  });
  await expect(asPayload(async () => Promise.reject(new Error('broken')), {})).rejects.toThrow('broken');
});

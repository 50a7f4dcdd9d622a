import { readFile } from 'node:fs/promises';
import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { splitExamples } from '#gateway/transport/pages/explorer-examples.ts';

const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8');

test('every example of the explorer is valid, and the second one says how to log in', async () => {
  const schema = buildSchema(await read('../../schema/api.graphql'));
  const examples = splitExamples(await read('examples.graphql'));
  expect(examples).toHaveLength(5);
  for (const { query, headers } of examples) {
    expect(validate(schema, parse(query))).toEqual([]);
    if (headers !== undefined) expect(JSON.parse(headers)).toHaveProperty('authorization');
  }
  expect(examples[1]?.query).toContain('"authorization": "Bearer');
  expect(examples[3]?.query).toContain('subscription');
});

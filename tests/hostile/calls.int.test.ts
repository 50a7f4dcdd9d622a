/** What one call does to a subgraph, however it is made, ends with its own answer. */
import fc from 'fast-check';
import { type ExecutionResult, type GraphQLFormattedError } from 'graphql';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type RunningSubgraphs,
  startSubgraphs,
  type SubgraphName,
} from '#tests/support/subgraphs/subgraphs.ts';

const ENTITIES =
  'query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }';

let subgraphs: RunningSubgraphs;
const orphans: unknown[] = [];
const onOrphan = (reason: unknown) => orphans.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', onOrphan);
  subgraphs = await startSubgraphs();
});
afterAll(async () => {
  await subgraphs[Symbol.asyncDispose]();
  process.off('unhandledRejection', onOrphan);
  if (orphans.length > 0) throw new AggregateError(orphans, 'promises were abandoned');
});

const codesOf = ({ errors = [] }: ExecutionResult) =>
  errors.map(({ extensions, path }) => [path?.join('.'), extensions['code']]);

/** Every key of every entity. */
const KEYS: readonly [SubgraphName, type: string, key: string][] = [
  ['users', 'User', 'id'],
  ['inventory', 'Product', 'id'],
  ['inventory', 'Variant', 'id'],
  ['inventory', 'Variant', 'sku'],
  ['orders', 'Order', 'id'],
  ['orders', 'User', 'id'],
  ['payments', 'Order', 'id'],
  ['payments', 'Payment', 'id'],
  ['payments', 'Refund', 'id'],
];
const MALFORMED = [null, {}, [], ['a'], true, 1.5, { id: 1 }];

test.each(KEYS)(
  '%s: a malformed %s.%s is an error of its own, and those beside it are answered',
  async (subgraph, __typename, key) => {
    const whole = { __typename, [key]: uuidv7() };
    const representations = [
      whole,
      ...MALFORMED.map((value) => ({ __typename, [key]: value })),
      whole,
      { __typename },
    ];
    const answer = await subgraphs.clients[subgraph].answer(ENTITIES, { representations });
    expect(answer.data?.['_entities']).toHaveLength(representations.length);
    const wrong = [...MALFORMED.keys(), MALFORMED.length + 1].map((index) => index + 1);
    expect(codesOf(answer)).toEqual(wrong.map((index) => [`_entities.${index}`, 'INVALID_REPRESENTATION']));
  },
);

test.each(['users', 'inventory', 'orders', 'payments'] as const)(
  '%s: what is no representation, or of no entity, costs nobody else an answer',
  async (subgraph) => {
    const [, __typename, key] = KEYS.find(([name]) => name === subgraph) ?? [];
    const whole = { __typename, [String(key)]: uuidv7() };
    const none = [
      5,
      'text',
      [],
      {},
      { __typename: 5 },
      { __typename: 'Query' },
      { __typename: '__proto__' },
      { __typename: 'Nothing' },
    ];
    const answer = await subgraphs.clients[subgraph].answer(ENTITIES, {
      representations: [whole, ...none, whole],
    });
    expect(codesOf(answer)).toEqual(none.map((_, at) => [`_entities.${at + 1}`, 'INVALID_REPRESENTATION']));
  },
);

test('the pair that ended a service', async () => {
  for (const subgraph of ['users', 'inventory', 'orders', 'payments'] as const) {
    const representations = [
      { __typename: 'Variant', sku: 5 },
      { __typename: 'Variant', sku: null },
    ];
    const answer = await subgraphs.clients[subgraph].answer(ENTITIES, { representations });
    expect(codesOf(answer).map(([, code]) => code)).toEqual([
      'INVALID_REPRESENTATION',
      'INVALID_REPRESENTATION',
    ]);
  }
});

test('ids that are numbers are read as the type ID reads them, and name nothing', async () => {
  const answer = await subgraphs.clients.inventory.answer(ENTITIES, {
    representations: [{ __typename: 'Product', id: 5 }],
  });
  expect(answer).toEqual({ data: { _entities: [null] } });
});

test('one key that is whole is enough, whatever stands in the place of another', async () => {
  const [id, __typename] = [uuidv7(), 'Variant'];
  const representations = [
    { __typename, id, sku: null },
    { __typename, id, sku: {} },
    { __typename, sku: 'NONE', id: [] },
    { __typename, sku: 'NONE', id: null },
  ];
  const answer = await subgraphs.clients.inventory.answer(ENTITIES, { representations });
  expect(answer).toEqual({ data: { _entities: [null, null, null, null] } });
});

test('whatever is sent as a representation is answered at its own place, and never as a fault of ours', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\0', '\ud800', ' ', '1'.repeat(5_000)),
    fc.uuid(),
  );
  const value = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }), fc.double(), fc.integer());
  const representation = fc.record(
    { __typename: fc.oneof(fc.constantFrom(...KEYS.map(([, type]) => type)), value), id: value, sku: value },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(representation, value), { maxLength: 30 }), async (given) => {
      // null is refused by the schema, [_Any!]!, and what would change a prototype where JSON is read.
      const representations = given.filter(
        (one) => one !== null && !/__proto__|constructor/.test(JSON.stringify(one)),
      );
      for (const client of Object.values(subgraphs.clients)) {
        const answer = await client.answer(ENTITIES, { representations });
        expect(answer.data?.['_entities']).toHaveLength(representations.length);
        expect(codesOf(answer).filter(([, code]) => code !== 'INVALID_REPRESENTATION')).toEqual([]);
      }
    }),
    { numRuns: 25 },
  );
});

test('100,000 representations are refused at once, also when they come in many fields', async () => {
  const representations = Array.from({ length: 100_000 }, () => ({ __typename: 'Product', id: '1' }));
  const startedAt = performance.now();
  const answer = await subgraphs.clients.inventory.answer(ENTITIES, { representations });
  expect(codesOf(answer)).toEqual([['_entities', 'TOO_MANY_REPRESENTATIONS']]);
  const fields = Array.from(
    { length: 11 },
    (_, n) => `f${n}: _entities(representations: $representations) { __typename }`,
  );
  const inFields = await subgraphs.clients.inventory.answer(
    `query ($representations: [_Any!]!) { ${fields.join(' ')} }`,
    { representations: representations.slice(0, 1_000) },
  );
  expect(codesOf(inFields)).toEqual([['f10', 'TOO_MANY_REPRESENTATIONS']]);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

const FILTERED = 'query ($f: OrderFilter) { orders(filter: $f) { totalCount } }';
const IN_STREAM =
  'subscription ($after: Int, $id: ID!) { orderUpdated(orderId: $id, after: $after) { version } }';

test.each([
  [
    '60,000 unknown keys',
    { f: Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`key${n}`, n])) },
  ],
  ['250,000 wrong items', { f: { statuses: Array.from({ length: 250_000 }, () => 'X') } }],
  ['a key of a megabyte', { f: { ['k'.repeat(1_000_000)]: 1 } }],
  [
    'a value of a megabyte',
    { f: { statuses: ['V'.repeat(1_000_000)], createdAfter: 'D'.repeat(1_000_000) } },
  ],
])('%s: few errors, short ones, soon', async (_, variables) => {
  const startedAt = performance.now();
  const answer = await subgraphs.clients.orders.answer(FILTERED, variables);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(unbounded(answer.errors)).toEqual([]);
});

test('the same over WebSocket', async () => {
  const after = Array.from({ length: 100_000 }, () => 'X');
  const stream = subgraphs.clients.orders.follow(IN_STREAM, { id: { key: 'V'.repeat(100_000) }, after }, '');
  const { value } = await stream.next().catch((errors: unknown) => ({ value: { errors } }));
  expect(unbounded((value as ExecutionResult).errors)).toEqual([]);
});

/** What is wrong with a refusal: too many errors, none, too long ones, or such that the client has not made. */
function unbounded(errors: readonly GraphQLFormattedError[] = []): unknown[] {
  if (errors.length === 0 || errors.length > 10) return [`${errors.length} errors`];
  return errors.filter(
    ({ message, extensions }) => extensions?.['code'] !== 'BAD_USER_INPUT' || message.length > 1_001,
  );
}

test('an answer has a bounded number of errors', async () => {
  const representations = Array.from({ length: 5_000 }, () => ({ __typename: 'Product' }));
  const { errors = [] } = await subgraphs.clients.inventory.answer(ENTITIES, { representations });
  expect(errors).toHaveLength(1_001);
  expect(errors.at(-1)).toMatchObject({ extensions: { code: 'TOO_MANY_ERRORS' } });
});

test('nobody is told how a name is spelt', async () => {
  const { orders } = subgraphs.clients;
  const answers = [
    await orders.answer('{ ordrs { totalCount } }'),
    await orders.answer('{ orders(filtr: {}) { totalCount } }'),
    await orders.answer(FILTERED, { f: { statuse: [] } }),
    await orders.answer('{ orders(filter: { statuse: [] }) { totalCount } }'),
    await orders.answer(FILTERED, { f: { statuses: ['PENDIN'] } }),
  ];
  const inStream = await orders
    .follow('subscription { orderUpdate(orderId: "x") { version } }', {}, '')
    .next()
    .catch((errors: unknown) => errors);
  for (const answer of [...answers, inStream]) {
    expect(JSON.stringify(answer)).toMatch(/Cannot query|Unknown argument|invalid value|not defined/);
    expect(JSON.stringify(answer)).not.toContain('Did you mean');
  }
});

test('a document of 5,000 braces is refused as the caller’s', async () => {
  const answer = await subgraphs.clients.inventory.answer('{ a '.repeat(5_000));
  expect(codesOf(answer)).toEqual([[undefined, 'GRAPHQL_PARSE_FAILED']]);
  const closed = await subgraphs.clients.inventory.answer(
    `{ ${'product '.repeat(1)}${'{ a '.repeat(5_000)}${'}'.repeat(5_001)}`,
  );
  expect(JSON.stringify(closed)).not.toContain('INTERNAL_SERVER_ERROR');
});

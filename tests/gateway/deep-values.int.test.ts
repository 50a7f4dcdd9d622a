// What a subgraph or a client nests by the thousand harms nobody else, and takes nothing else away.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectAcknowledged } from '#tests/live/support/raw-client.ts';
import { type RawSubgraph, startRawSubgraph } from '#tests/support/subgraphs/raw-subgraph.ts';
import { composeStubs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { until } from '#tests/support/until.ts';
import { type RunningGateway, startGateway } from './support/start-gateway.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires"])';
const ITEMS = `${LINK} scalar JSON
  type Query { item: Item items: [Item] echo(v: JSON): JSON strict: Strict }
  type Mutation { put(v: JSON): JSON }
  type Subscription { changed: Item }
  type Strict { bag: JSON! name: String }
  type Item @key(fields: "id") { id: JSON! bag: JSON name: String }`;
const STOCK = `${LINK} scalar JSON
  type Item @key(fields: "id") { id: JSON! bag: JSON @external stock: Int weight: Int @requires(fields: "bag") }`;

const nested = (levels: number, inner = '1', open = '[', close = ']') =>
  open.repeat(levels) + inner + close.repeat(levels);
/** With a number in it that has to be kept as its text, reading and writing takes another way. */
const DEEP: readonly (readonly [string, string])[] = [
  ['lists', nested(10_000)],
  ['objects', nested(10_000, '1', '{"a":', '}')],
  ['lists around an exact number', nested(10_000, '9007199254740993')],
  ['objects around an exact number', nested(10_000, '1.0', '{"a":', '}')],
];

const item = (fields: string) => `{"__typename":"Item",${fields}}`;
const code = (value: string) => `"code":"${value}"`;

let items: RawSubgraph;
let stock: RawSubgraph;
let running: RunningGateway;

beforeAll(async () => {
  items = await startRawSubgraph(
    DEEP.map(([, deep]) => `{"data":{"changed":${item(`"id":1,"name":"n","bag":${deep}`)}}}`),
  );
  stock = await startRawSubgraph();
  const sdl = composeStubs([
    { name: 'items', url: items.url, typeDefs: ITEMS },
    { name: 'stock', url: stock.url, typeDefs: STOCK },
  ]);
  running = await startGateway(sdl, { BATCHING: 'on' });
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await Promise.all([items[Symbol.asyncDispose](), stock[Symbol.asyncDispose]()]);
});

beforeEach(() => {
  stock.answer(() => '{"data":{"_entities":[{"stock":5}]}}');
});

function send(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(running.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

/** The status and the text of an answer. */
async function ask(query: string, variables = '{}', more = ''): Promise<string> {
  const response = await send(`{"query":${JSON.stringify(query)},"variables":${variables}${more}}`);
  return `${response.status} ${await response.text()}`;
}

describe.each(DEEP)('%s', (_name, deep) => {
  test('in an answer are an error at their field, and the rest is kept', async () => {
    const bag = item(`"bag":${deep},"name":"n"`);
    items.answer(() => `{"data":{"item":${bag},"strict":{"bag":${deep}},"echo":9007199254740993}}`);
    const text = await ask('{ item { bag name } strict { bag } echo }');
    expect(text).toContain('200 {"errors":[');
    expect(text).toContain('"data":{"item":{"bag":null,"name":"n"},"strict":null,"echo":9007199254740993}');
    expect(text).toContain('"path":["item","bag"]');
    expect(text).toContain('"path":["strict","bag"]');
    expect(text.split(code('VALUE_TOO_DEEP'))).toHaveLength(3);

    const batch = await send('[{"query":"{ item { bag name } }"},{"query":"{ __typename }"}]');
    const both = await batch.text();
    expect(both).toContain('"data":{"item":{"bag":null,"name":"n"}}},{"data":{"__typename":"Query"}}]');
  });

  test('in a key are an error of their entity, and the others are asked for', async () => {
    const rows = [deep, '9007199254740993'].map((id) => item(`"id":${id},"name":"n"`));
    items.answer(() => `{"data":{"items":[${rows.join()}]}}`);
    const text = await ask('{ items { name stock } }');
    expect(text).toContain('"data":{"items":[{"name":"n","stock":null},{"name":"n","stock":5}]}');
    expect(text).toContain('"path":["items",0,"stock"]');
    expect(text.split(code('VALUE_TOO_DEEP'))).toHaveLength(2);
    expect(stock.calls.at(-1)?.body).toContain('[{"__typename":"Item","id":9007199254740993}]');
  });

  test('in what another field requires are an error of that field', async () => {
    items.answer(() => `{"data":{"item":${item(`"id":1,"bag":${deep},"name":"n"`)}}}`);
    const text = await ask('{ item { name weight } }');
    expect(text).toContain('"data":{"item":{"name":"n","weight":null}}');
    expect(text).toContain('"path":["item","weight"]');
    expect(text).toContain(code('VALUE_TOO_DEEP'));
  });

  test('in a request are its sender’s mistake, or nobody’s', async () => {
    items.answer(() => '{"data":{"echo":1}}');
    const variables = await ask('query ($v: JSON) { echo(v: $v) }', `{"v":${deep}}`);
    expect(variables).toMatch(/^400 .*"\$v\\" is nested more than 100 deep.*"code":"BAD_USER_INPUT"/);
    expect(await ask('{ echo }', '{}', `,"extensions":{"a":${deep}}`)).toBe('200 {"data":{"echo":1}}');
    if (deep.startsWith('['))
      expect(await ask(`{ echo(v: ${deep}) }`)).toMatch(/^400 .*GRAPHQL_PARSE_FAILED/);
  });

  test('in the extensions of errors are left out', async () => {
    const errors = `[{"message":"odd","path":["echo"],"extensions":{"a":${deep}}}]`;
    items.answer(() => `{"data":{"echo":null},"errors":${errors},"extensions":{"a":${deep}}}`);
    expect(await ask('{ echo }')).toMatch(/^200 .*"message":"odd".*"data":\{"echo":null\}/);
  });

  test('cost a socket nothing else of what it carries', async () => {
    await using client = await connectAcknowledged(running.url.replace('http', 'ws'));
    items.answer(() => `{"data":{"item":${item(`"bag":${deep},"name":"n"`)}}}`);
    const texts: string[] = [];
    const done = new Promise<void>((resolve) => {
      client.socket.on('message', (data: Buffer) => {
        if (texts.push(data.toString()) === 4) resolve();
      });
    });
    client.send(`{"type":"ping","payload":{"a":${deep}}}`);
    const query = '"query":"query ($v: JSON) { item { bag name } echo(v: $v) }"';
    client.send(`{"id":"1","type":"subscribe","payload":{${query},"variables":{"v":${deep}}}}`);
    client.send('{"id":"2","type":"subscribe","payload":{"query":"{ item { bag name } }"}}');
    await done;
    expect(texts.find((text) => text.includes('"id":"1"'))).toContain('nested more than 100 deep');
    const answer = texts.find((text) => text.includes('"id":"2","type":"next"'));
    expect(answer).toContain('"data":{"item":{"bag":null,"name":"n"}}');
    expect(answer).toContain(code('VALUE_TOO_DEEP'));
  });
});

test.each(['text/event-stream', 'multipart/mixed;subscriptionSpec=1.0', 'WebSocket'])(
  'live events come with an error at the field over %s',
  async (accept) => {
    const query = 'subscription { changed { bag name weight } }';
    let text = '';
    const whole = () => text.split(code('VALUE_TOO_DEEP')).length > 2 * DEEP.length;
    if (accept === 'WebSocket') {
      await using client = await connectAcknowledged(running.url.replace('http', 'ws'));
      client.socket.on('message', (data: Buffer) => {
        text += data.toString();
      });
      client.send({ id: '1', type: 'subscribe', payload: { query } });
      await until(whole, 'all events');
    } else {
      // As somebody of its own: what another has just left may still be there to join, with its events gone by.
      const { body } = await send(JSON.stringify({ query }), { accept, authorization: `Bearer ${accept}` });
      for await (const chunk of body!) {
        text += Buffer.from(chunk).toString();
        if (whole()) break;
      }
    }
    const data = '{"changed":{"bag":null,"name":"n","weight":null}}';
    expect(text.split(data)).toHaveLength(DEEP.length + 1);
  },
);

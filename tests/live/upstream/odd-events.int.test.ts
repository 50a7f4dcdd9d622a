import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LiveGateway, startLiveGateway } from '#tests/live/support/live-gateway.ts';
import {
  connectAcknowledged,
  itemChanged,
  type RawClient,
  subscribeMessage,
} from '#tests/live/support/raw-client.ts';

/** What a subgraph may say as an event, or as an error, of whatever shape. */
const PAYLOADS: readonly [what: string, type: 'next' | 'error', payload: unknown][] = [
  ['errors that are null', 'next', { errors: null }],
  ['errors that are a text', 'next', { errors: 'no' }],
  ['errors that are an object', 'next', { errors: { message: 'no' } }],
  ['errors of null', 'next', { errors: [null] }],
  ['errors without a message', 'next', { errors: [{ extensions: 'x', path: 7 }] }],
  ['no errors in a list', 'next', { errors: [] }],
  ['data that is a text', 'next', { data: 'x' }],
  ['data that is a list', 'next', { data: [] }],
  ['data that is null, and nothing else', 'next', { data: null }],
  ['data without the field', 'next', { data: {} }],
  ['a field of another kind', 'next', { data: { itemChanged: 'x' } }],
  ['nothing', 'next', {}],
  ['no payload', 'next', undefined],
  ['extensions that are a text', 'next', { data: null, extensions: 'x' }],
  ['a cursor that is an object', 'next', { extensions: { cursor: {} } }],
  ['an error without a payload', 'error', undefined],
  ['an error of null', 'error', [null]],
  ['an error without a list', 'error', { message: 'no' }],
  ['an error with odd extensions', 'error', [{ message: 'no', extensions: 'x', path: 'x' }]],
];

let live: LiveGateway;
let bystander: RawClient;

beforeAll(async () => {
  live = await startLiveGateway();
  bystander = await connectAcknowledged(live.wsUrl);
  bystander.send(subscribeMessage('1', itemChanged('bystander')));
  await live.feed.until(() => live.feed.active === 1);
});
afterAll(async () => {
  await bystander[Symbol.asyncDispose]();
  await live[Symbol.asyncDispose]();
});

test.each(PAYLOADS)(
  'a subgraph that says %s says it to one subscription, and the others go on',
  async (what, type, payload) => {
    live.feed.poison(what, (socket, id) => socket.send(JSON.stringify({ id, type, payload })));
    await using client = await connectAcknowledged(live.wsUrl);
    client.send(subscribeMessage('1', itemChanged(what)));
    // An object is no cursor, and nothing else came: there is nothing to be passed on but that it was nothing.
    const { id, payload: told } = await client.next();
    expect(id).toBe('1');
    expect(JSON.stringify(told)).toMatch(/"message":|"data":null/);

    const version = live.feed.publish('bystander');
    expect((await bystander.next()).payload?.data?.['itemChanged']?.version).toBe(version);
    expect(live.metrics.upstreamReconnects).toBe(0);
  },
);

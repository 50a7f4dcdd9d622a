import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPersistedQueries } from '#gateway/transport/persisted-queries.ts';
import { graphqlTransportWs, legacyGraphqlWs, WS_PROTOCOLS } from './protocols.ts';

const persisted = createPersistedQueries();
const request = { query: '{ a }' };

test('the same request is read from both protocols', () => {
  const payload = { query: '{ a }', variables: null };
  expect(graphqlTransportWs.read(JSON.stringify({ id: '1', type: 'subscribe', payload }), persisted)).toEqual(
    {
      kind: 'subscribe',
      id: '1',
      request,
    },
  );
  expect(legacyGraphqlWs.read(JSON.stringify({ id: 1, type: 'start', payload }), persisted)).toEqual({
    kind: 'subscribe',
    id: '1',
    request,
  });
});

test.each([
  [graphqlTransportWs, { type: 'start', id: '1', payload: { query: '{ a }' } }],
  [graphqlTransportWs, { type: 'subscribe', id: '1', payload: { query: '{ a }', variables: [] } }],
  [graphqlTransportWs, { type: 'subscribe', id: '1', payload: { query: '{ a }', operationName: 7 } }],
  [graphqlTransportWs, { type: 'complete' }],
  [legacyGraphqlWs, { type: 'subscribe', id: '1', payload: { query: '{ a }' } }],
  [legacyGraphqlWs, { type: 'ping' }],
  [legacyGraphqlWs, { type: 'start', id: '1', payload: { query: null } }],
])('$0.name does not take $1', (protocol, message) => {
  expect(protocol.read(JSON.stringify(message), persisted)).toBeUndefined();
});

test('nothing that a client may send makes reading fail', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      for (const protocol of WS_PROTOCOLS) expect(() => protocol.read(text, persisted)).not.toThrow();
    }),
  );
});

describe.each(WS_PROTOCOLS.map((protocol) => [protocol.name, protocol] as const))('%s', (_name, protocol) => {
  test('what it writes is JSON, whatever the id', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (id) => {
        expect(JSON.parse(`${protocol.nextHead(id)}{"data":1}}`)).toMatchObject({ id, payload: { data: 1 } });
        expect(JSON.parse(protocol.error(id, [{ message: 'no' }]))).toMatchObject({ id, type: 'error' });
        expect(JSON.parse(protocol.complete(id))).toEqual({ id, type: 'complete' });
      }),
    );
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBody, readGraphqlRequest, readParameters } from './graphql-request.ts';
import { createPersistedQueries } from './persisted-queries.ts';
import { RequestRefusal } from './refusal.ts';

const persisted = createPersistedQueries();

/** What was read, or the refusal: anything else that is thrown fails the test. */
function outcome<T>(read: () => T): T | RequestRefusal {
  try {
    return read();
  } catch (error) {
    if (error instanceof RequestRefusal) return error;
    throw error;
  }
}

test('whatever JSON is sent, it is a request or refused as none', () => {
  const field = fc.oneof(fc.jsonValue(), fc.string(), fc.object());
  const request = fc.record(
    { query: field, operationName: field, variables: field, extensions: field, __proto__: field },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), request), (value) => {
      const read = outcome(() => readGraphqlRequest(value, persisted));
      if (read instanceof RequestRefusal) return;
      expect(typeof read.query).toBe('string');
      expect(['string', 'undefined']).toContain(typeof read.operationName);
      for (const part of [read.variables, read.extensions]) {
        expect(part === undefined || (typeof part === 'object' && !Array.isArray(part))).toBe(true);
      }
    }),
  );
});

test('a body, a socket’s payload and the query of a URL are read alike', () => {
  const request = fc.record(
    {
      query: fc.string({ minLength: 1 }),
      operationName: fc.string(),
      variables: fc.dictionary(fc.string(), fc.jsonValue()),
      extensions: fc.dictionary(fc.constantFrom('a', 'b'), fc.jsonValue()),
    },
    { requiredKeys: ['query'] },
  );
  fc.assert(
    fc.property(request, (given) => {
      const text = JSON.stringify(given);
      const body = readBody(text, persisted);
      expect(readGraphqlRequest(JSON.parse(text))).toEqual(body);
      const parameters = {
        ...given,
        ...(given.variables && { variables: JSON.stringify(given.variables) }),
        ...(given.extensions && { extensions: JSON.stringify(given.extensions) }),
      };
      expect(JSON.stringify(readParameters(parameters, persisted))).toBe(JSON.stringify(body));
    }),
  );
});

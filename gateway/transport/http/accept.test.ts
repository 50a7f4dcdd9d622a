import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wantedAnswer } from './accept.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
const URQL =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

describe('an answer in one piece', () => {
  test.each([
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    [' , ,', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/json', JSON_TYPE],
    ['application/json;charset=utf-8', JSON_TYPE],
    ['application/graphql-response+json', GRAPHQL_TYPE],
    ['application/graphql-response+json,application/json;q=0.9', GRAPHQL_TYPE],
    ['application/json, application/graphql-response+json', JSON_TYPE],
    ['application/graphql-response+json, application/json', GRAPHQL_TYPE],
    ['application/json;q=0.1, */*', GRAPHQL_TYPE],
    ['text/html, */*;q=0.1', JSON_TYPE],
    ['Application/JSON ; Q=1', JSON_TYPE],
    ['application/json;note="a,b;q=0"', JSON_TYPE],
    ['application/json;note="a\\",b";q=0.5, application/graphql-response+json;q=0.4', JSON_TYPE],
    ['application/json;q=0, */*', GRAPHQL_TYPE],
    [URQL, GRAPHQL_TYPE],
    [BROWSER, JSON_TYPE],
    ['text/html', undefined],
    ['application/json;q=0', undefined],
    ['application/json;q=0.000', undefined],
    ['application/json;q=none', undefined],
    ['application/json;q=2', undefined],
    // Java's URLConnection sends this unless told otherwise.
    ['text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2', JSON_TYPE],
    ['*', JSON_TYPE],
    ['application/json;q=0.3333, application/graphql-response+json;q=.6', GRAPHQL_TYPE],
    ['application/json;q=.', undefined],
    ['application/json;q=', undefined],
    ['*;q=0', undefined],
    ['*/*;q=0', undefined],
    ['text/event-stream', undefined],
  ])('accept: %s', (accept, expected) => {
    expect(wantedAnswer(accept).json).toBe(expected);
  });

  test.each([
    ['application/json', true],
    ['application/json;q=0.5, text/html', true],
    ['application/graphql-response+json, application/json', false],
    ['*/*', false],
    ['application/*', false],
    [undefined, false],
  ])('accept: %s asks for the status of HTTP alone: %s', (accept, expected) => {
    expect(wantedAnswer(accept).plainStatus).toBe(expected);
  });
});

describe('streams', () => {
  test.each([
    ['text/event-stream', ['sse']],
    ['Text/Event-Stream', ['sse']],
    ['text/*', ['sse']],
    ['text/event-stream;q=0', []],
    ['text/event-stream;q=0, text/*', []],
    ['text/event-streams', []],
    ['application/json;note="text/event-stream"', []],
    ['*/*', []],
    [BROWSER, []],
    [URQL, ['sse']],
    ['multipart/mixed', []],
    ['multipart/mixed;deferSpec=20220824', []],
    ['multipart/mixed;subscriptionSpec=1.0', ['multipart']],
    ['multipart/mixed;subscriptionSpec="1.0"', ['multipart']],
    ['multipart/mixed ; subscriptionSpec = "1.0"', ['multipart']],
    ['multipart/mixed;boundary="a,b";subscriptionSpec=1.0, application/json', ['multipart']],
    ['MULTIPART/MIXED;SUBSCRIPTIONSPEC=1.0', ['multipart']],
    ['multipart/mixed;subscriptionSpec=1.0;q=0', []],
    ['multipart/mixed;subscriptionSpec=1.01', []],
    ['multipart/mixed;subscriptionSpec=2.0', []],
    ['multipart/mixed, multipart/mixed;subscriptionSpec=1.0', ['multipart']],
    ['text/event-stream, multipart/mixed;subscriptionSpec=1.0', ['sse', 'multipart']],
    ['multipart/mixed;subscriptionSpec=1.0, text/event-stream', ['multipart', 'sse']],
    ['text/event-stream;q=0.5, multipart/mixed;subscriptionSpec=1.0;q=0.6', ['multipart', 'sse']],
  ])('accept: %s', (accept, expected) => {
    expect(wantedAnswer(accept).streams).toEqual(expected);
  });
});

test('whatever the header is, it is read, and quickly', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a/b', '"', '\\', ',', ';', 'q=', '=', ' ', '0.', '\t'), { maxLength: 4_000 }),
      (parts) => {
        const since = performance.now();
        wantedAnswer(parts.join(''));
        expect(performance.now() - since).toBeLessThan(500);
      },
    ),
    { numRuns: 50 },
  );
});

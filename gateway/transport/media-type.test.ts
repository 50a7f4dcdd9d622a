import { expect, test } from 'vitest';
import { chooseMediaType } from './media-type.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';

test.each([
  [undefined, JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  ['application/json', JSON_TYPE],
  ['application/graphql-response+json', GRAPHQL_TYPE],
  ['application/graphql-response+json,application/json;q=0.9', GRAPHQL_TYPE],
  ['application/json, application/graphql-response+json', JSON_TYPE],
  ['application/graphql-response+json, application/json', GRAPHQL_TYPE],
  ['application/json;q=0.1, */*', GRAPHQL_TYPE],
  ['text/html, */*;q=0.1', JSON_TYPE],
  ['Application/JSON ; Q=1', JSON_TYPE],
  ['text/html', undefined],
  ['application/json;q=0', undefined],
  ['application/json;q=none', undefined],
])('accept: %s', (accept, expected) => {
  expect(chooseMediaType(accept)).toBe(expected);
});

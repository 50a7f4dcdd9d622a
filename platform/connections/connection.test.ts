import { expect, test } from 'vitest';
import { readPage, toConnection } from './connection.ts';

const keyOf = (node: { id: string }) => node.id;
const rows = ['a', 'b', 'c'].map((id) => ({ id }));

test('the end cursor of one page begins the next', () => {
  const page = readPage({ first: 2 }, () => true);
  const { nodes, pageInfo } = toConnection(rows, page, keyOf);
  expect(nodes.map(keyOf)).toEqual(['a', 'b']);
  expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
  expect(readPage({ first: 2, after: pageInfo.endCursor }, () => true).after).toBe('b');
});

test('the last page says so, and an empty one has no cursors', () => {
  expect(toConnection(rows, { first: 3, after: 'x' }, keyOf).pageInfo).toMatchObject({
    hasNextPage: false,
    hasPreviousPage: true,
  });
  expect(toConnection([], { first: 3, after: null }, keyOf).pageInfo).toMatchObject({
    startCursor: null,
    endCursor: null,
  });
});

test('arguments out of bounds are refused by name', () => {
  for (const first of [0, -1, 101])
    expect(() => readPage({ first }, () => true)).toThrow('first must be from 1 to 100');
  expect(() => readPage({ after: 'bm9wZQ' }, () => false)).toThrow('after must be a cursor');
});

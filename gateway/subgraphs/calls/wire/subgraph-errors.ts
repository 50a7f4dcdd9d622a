// The errors of a subgraph's answer, as every shape of them that servers send.
import type { GraphQLFormattedError } from 'graphql';
import { isWithin } from '#gateway/json/nesting.ts';

/** Stands for errors that cannot be read. */
export const UNREADABLE: readonly GraphQLFormattedError[] = [
  { message: 'errors that are none', extensions: { code: 'SUBGRAPH_BAD_RESPONSE' } },
];

const INDEX = /^\d{1,9}$/;
/** What is nested by the thousand cannot be written again, and would take the whole answer with it. */
const DEEPEST_EXTENSIONS = 100;

/**
 * The errors by the specification: an odd path is cut off where it is odd, an odd message, path or `extensions` are left out.
 * `undefined` when there are none, `'none'` when something stands there that is no error at all.
 */
export function readErrors(errors: unknown): readonly GraphQLFormattedError[] | undefined | 'none' {
  if (errors === undefined || errors === null) return undefined;
  if (!Array.isArray(errors)) return isRecord(errors) ? [readError(errors)] : 'none';
  if (errors.every(isSound)) return errors;
  const read = errors.filter(isRecord).map(readError);
  return read.length === 0 ? 'none' : read;
}

function isSound(error: unknown): error is GraphQLFormattedError {
  if (!isRecord(error) || typeof error['message'] !== 'string') return false;
  const { path, extensions } = error;
  return (
    (extensions === undefined || areExtensions(extensions)) &&
    (path === undefined || (Array.isArray(path) && path.every(isElement)))
  );
}

function isElement(element: unknown): element is string | number {
  return typeof element === 'string'
    ? !INDEX.test(element)
    : typeof element === 'number' && Number.isSafeInteger(element) && element >= 0;
}

function readError({ message, path, extensions }: Record<string, unknown>): GraphQLFormattedError {
  const way = readPath(path);
  return {
    message: typeof message === 'string' ? message : 'an error without a message',
    ...(way !== undefined && { path: way }),
    ...(areExtensions(extensions) && { extensions }),
  };
}

export function areExtensions(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && isWithin(value, DEEPEST_EXTENSIONS);
}

/** No name in GraphQL begins with a digit, so that what looks like an index is one. */
export function readPath(path: unknown): (string | number)[] | undefined {
  if (!Array.isArray(path)) return undefined;
  const way: (string | number)[] = [];
  for (const element of path) {
    const index: unknown = typeof element === 'string' && INDEX.test(element) ? Number(element) : element;
    if (!isElement(index)) break;
    way.push(index);
  }
  return way.length === 0 ? undefined : way;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

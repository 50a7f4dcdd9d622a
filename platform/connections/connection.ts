import { badArgument } from '#platform/server/errors/graphql-errors.ts';

/**
 * Relay connections over a keyset (GraphQL Cursor Connections Specification, forward only): a page is the rows behind a
 * key, so it costs the same however far one has paged, and rows that come in between shift nothing.
 */
export interface Page {
  readonly first: number;
  /** The decoded key of `after`; null for the first page. */
  readonly after: string | null;
}

export interface Connection<Node> {
  readonly edges: { cursor: string; node: Node }[];
  readonly nodes: Node[];
  readonly pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

const FIRST_AT_MOST = 100;

/**
 * Reads the arguments `first` and `after`. Throws BAD_USER_INPUT that names the argument.
 * @param isKey whether a decoded cursor is a key of this list.
 */
export function readPage(
  { first, after }: { first?: number | null; after?: string | null },
  isKey: (key: string) => boolean,
): Page {
  const wanted = first ?? 20;
  if (wanted < 1 || wanted > FIRST_AT_MOST)
    throw badArgument('first', `first must be from 1 to ${FIRST_AT_MOST}.`);
  if (after == null) return { first: wanted, after: null };
  const key = Buffer.from(after, 'base64url').toString();
  if (!isKey(key)) throw badArgument('after', 'after must be a cursor of this list, as endCursor gives it.');
  return { first: wanted, after: key };
}

/** @param rows one more than `first` where there is a next page: ask the database for `first + 1`. */
export function toConnection<Node>(
  rows: readonly Node[],
  { first, after }: Page,
  keyOf: (node: Node) => string,
): Connection<Node> {
  const nodes = rows.slice(0, first);
  const edges = nodes.map((node) => ({ cursor: Buffer.from(keyOf(node)).toString('base64url'), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

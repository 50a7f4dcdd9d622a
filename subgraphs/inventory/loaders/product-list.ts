import { createHash } from 'node:crypto';
import { readPage, toConnection } from '#platform/connections/connection.ts';
import { badArgument } from '#platform/server/errors/graphql-errors.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { Context } from '../context.ts';
import {
  countMatches,
  countProducts,
  listProducts,
  type ProductKey,
  searchProducts,
} from '../db/product-list.queries.ts';
import type { ProductConnectionParent } from '../resolvers/parents.ts';

const SEARCH_AT_MOST = 200;

interface ListArguments {
  readonly search?: string | null;
  readonly first?: number | null;
  readonly after?: string | null;
}

/** A page of products: by name, or what matches `search`, best first. A search for nothing but blanks is none. */
export async function productList(
  { database }: Context,
  { search: raw, ...page }: ListArguments,
): Promise<ProductConnectionParent> {
  const search = readSearch(raw);
  const readKey = search === null ? readNameKey : (text: string) => readScoreKey(text, search);
  const { first, after } = readPage(page, (key) => readKey(key) !== null);
  const range = { after: after === null ? null : readKey(after), limit: first + 1 };
  const listed =
    search === null ? await listProducts(database.db, range) : await searchProducts(database, search, range);
  const { edges, pageInfo } = toConnection(listed, { first, after }, ({ key }) => writeKey(key, search));
  return {
    edges: edges.map(({ cursor, node }) => ({ cursor, node: node.product })),
    nodes: edges.map(({ node }) => node.product),
    pageInfo,
    search,
  };
}

/** How many products the whole list has. */
export function productCount({ database }: Context, search: string | null): Promise<number> {
  return search === null ? countProducts(database.db) : countMatches(database, search);
}

function readSearch(search: string | null | undefined): string | null {
  // PostgreSQL's text has no NUL.
  const words = search?.replaceAll('\0', ' ').trim() ?? '';
  if (words.length > SEARCH_AT_MOST)
    throw badArgument('search', `search must have at most ${SEARCH_AT_MOST} characters.`);
  return words === '' ? null : words;
}

/** `name <id> <name>` or `score <id> <score> <search>`: a cursor of one list is none of another. */
function writeKey(key: ProductKey, search: string | null): string {
  return 'name' in key
    ? `name ${key.id} ${key.name}`
    : `score ${key.id} ${key.score} ${fingerprint(search ?? '')}`;
}

function readNameKey(text: string): ProductKey | null {
  const [, id = '', name = ''] = /^name (\S+) ([^\0]*)$/s.exec(text) ?? [];
  return isUuid(id) ? { id, name } : null;
}

/** A score says where a product stands in one search, and nothing in another. */
function readScoreKey(text: string, search: string): ProductKey | null {
  const [, id = '', score = '', of] = /^score (\S+) (\d{1,10}) (\S+)$/.exec(text) ?? [];
  return isUuid(id) && of === fingerprint(search) ? { id, score } : null;
}

const fingerprint = (search: string) =>
  createHash('sha256').update(search.toLowerCase()).digest('base64url').slice(0, 8);

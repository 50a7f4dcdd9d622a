import { and, asc, count, desc, type SQL, sql } from 'drizzle-orm';
import type { Database, Queryable } from '#platform/postgres/database.ts';
import { LEAST_SIMILARITY, searchTerms } from '../domain/search-terms.ts';
import { productColumns } from './catalogue.queries.ts';
import { type ProductRow, products } from './tables.ts';

/** Where a product stands in a list: its name, or how well it matches. Ties go by id. */
export type ProductKey =
  | { readonly id: string; readonly name: string }
  | { readonly id: string; readonly score: string };

export interface Listed {
  readonly product: ProductRow;
  readonly key: ProductKey;
}

interface Range {
  /** Null for the first page. */
  readonly after: ProductKey | null;
  readonly limit: number;
}

/** By name. */
export async function listProducts(db: Queryable, { after, limit }: Range): Promise<Listed[]> {
  const behind =
    after !== null && 'name' in after
      ? sql`(${products.name}, ${products.id}) > (${after.name}, ${after.id}::uuid)`
      : undefined;
  const rows = await db
    .select(productColumns)
    .from(products)
    .where(behind)
    .orderBy(asc(products.name), asc(products.id))
    .limit(limit);
  return rows.map((product) => ({ product, key: { id: product.id, name: product.name } }));
}

export async function countProducts(db: Queryable): Promise<number> {
  return db.$count(products);
}

/**
 * Best match first: products that have every word searched for in some inflection, then those that have words like
 * them. The score depends on nothing but the product and the search, and is a whole number, so that a page goes on
 * exactly where the last one ended, whatever came into the catalogue meanwhile.
 */
export async function searchProducts(
  { db }: Database,
  search: string,
  { after, limit }: Range,
): Promise<Listed[]> {
  return db.transaction(async (tx) => {
    await setLeastSimilarity(tx);
    const scored = tx
      .select({ ...productColumns, score: score(search).as('score') })
      .from(products)
      .where(matches(search))
      .as('scored');
    const behind =
      after !== null && 'score' in after
        ? sql`(${scored.score}, ${scored.id}) < (${after.score}::bigint, ${after.id}::uuid)`
        : undefined;
    const rows = await tx
      .select()
      .from(scored)
      .where(behind)
      .orderBy(desc(scored.score), desc(scored.id))
      .limit(limit);
    return rows.map(({ score: reached, ...product }) => ({
      product,
      key: { id: product.id, score: reached },
    }));
  });
}

export async function countMatches({ db }: Database, search: string): Promise<number> {
  return db.transaction(async (tx) => {
    await setLeastSimilarity(tx);
    const [row] = await tx.select({ total: count() }).from(products).where(matches(search));
    return row?.total ?? 0;
  });
}

/** Of the trigram operator `<%`, which is what the index knows; it cannot be told in the query. */
async function setLeastSimilarity(tx: Queryable): Promise<void> {
  await tx.execute(
    sql`select set_config('pg_trgm.word_similarity_threshold', ${String(LEAST_SIMILARITY)}, true)`,
  );
}

function matches(search: string): SQL {
  const everyWord = and(
    ...searchTerms(search).map(({ word, similarity }) => {
      const alike = sql`${word}::text <% ${products.searchText}`;
      if (similarity <= LEAST_SIMILARITY) return alike;
      return sql`(${alike} and word_similarity(${word}, ${products.searchText}) >= ${similarity}::real)`;
    }),
  );
  const exactly = sql`${products.searchVector} @@ ${textQuery(search)}`;
  return everyWord === undefined ? exactly : sql`(${exactly} or (${everyWord}))`;
}

/** Exact matches have at least 1,000,000. Of words, those in the name count most. */
function score(search: string): SQL<string> {
  const terms = searchTerms(search);
  const likeness = terms.map(
    ({ word }) =>
      sql`greatest(word_similarity(${word}, ${products.name}), 0.7 * word_similarity(${word}, ${products.searchText}))`,
  );
  const query = textQuery(search);
  return sql<string>`round(1000000 * (
    case when ${products.searchVector} @@ ${query} then 1 + ts_rank(${products.searchVector}, ${query}) else 0 end
    + 0.99 * (${sql.join([sql`0`, ...likeness], sql` + `)}) / ${Math.max(1, terms.length)}::integer
  )::numeric)::bigint`;
}

/** Variants' names and SKUs are indexed as they are written, the rest by the stems of its words. */
function textQuery(search: string): SQL {
  return sql`(plainto_tsquery('english', ${search}) || plainto_tsquery('simple', ${search}))`;
}

import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { failureKind, openDatabase } from '#platform/postgres/database.ts';
import type { Random } from '#tests/oracle/random.ts';
import type { BehindProxy } from './servers.ts';

export interface Pairs {
  /** Transactions that were said to be done. */
  readonly acknowledged: readonly number[];
  /** Why others were not, each by the name of its failure. */
  readonly failed: Readonly<Record<string, number>>;
}

const WRITERS = 6;

/** Before any harm is done. */
export async function createPairs(server: BehindProxy): Promise<void> {
  const direct = postgres(server.direct('orders'), { max: 1, onnotice: () => {} });
  await direct`create table pairs (n integer, half integer, primary key (n, half))`;
  await direct.end();
}

/** Transactions of two rows each, by the services' own driver and way, until it is over. */
export async function writePairs(
  server: BehindProxy,
  randomOf: (who: string) => Random,
  over: AbortSignal,
): Promise<Pairs> {
  const database = openDatabase({ url: server.urls.orders, applicationName: 'pairs', poolSize: 4 });
  const acknowledged: number[] = [];
  const failed: Record<string, number> = {};
  let last = 0;
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, index) => {
      const random = randomOf(`writer ${index}`);
      while (!over.aborted) {
        const n = last++;
        try {
          await database.db.transaction(async (tx) => {
            await tx.execute(sql`insert into pairs values (${n}, 1)`);
            await delay(random.below(8));
            await tx.execute(sql`insert into pairs values (${n}, 2)`);
          });
          acknowledged.push(n);
        } catch (error) {
          const kind = failureKind(error);
          if (kind === null) throw error; // a row twice, say
          failed[kind] = (failed[kind] ?? 0) + 1;
        }
      }
    }),
  );
  await database.close(1_000);
  return { acknowledged, failed };
}

import postgres from 'postgres';
import { until } from '#tests/support/until.ts';
import type { DatabaseName } from '#system/databases.ts';
import type { BehindProxy } from './servers.ts';

export type Books = Readonly<Record<DatabaseName, postgres.Sql>> & AsyncDisposable;

/** Around the proxy: what really stands. */
export function openBooks(server: BehindProxy): Books {
  const open = (name: DatabaseName) => postgres(server.direct(name), { max: 1, onnotice: () => {} });
  const books = {
    users: open('users'),
    orders: open('orders'),
    payments: open('payments'),
    inventory: open('inventory'),
    bus: open('bus'),
  };
  return {
    ...books,
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(books).map((sql) => sql.end({ timeout: 1 })));
    },
  };
}

const SETTLED_WITHIN_MS = 60_000;

/** Resolves when nothing is under way any more. */
export async function untilSettled({ orders, payments, inventory }: Books): Promise<void> {
  const counts = async () => [
    ...(await orders`select count(*)::int as n from orders where status in ('PENDING', 'RESERVED', 'FULFILLING')`),
    ...(await payments`select count(*)::int as n from payment_operations where state = 'OPEN'`),
    ...(await orders`select count(*)::int as n from messaging.outbox`),
    ...(await payments`select count(*)::int as n from messaging.outbox`),
    ...(await inventory`select count(*)::int as n from messaging.outbox`),
  ];
  await until(
    async () => (await counts()).every((row) => row['n'] === 0),
    'the system to come to rest',
    SETTLED_WITHIN_MS,
  );
}

/** Whatever stands by halves, in whatever service: nothing should. */
export async function findHalves({ orders, payments, inventory }: Books): Promise<readonly object[]> {
  const found = await Promise.all([
    orders`select 'pair' as what, n::text as which from pairs group by n having count(*) <> 2`,
    orders`
      select 'order' as what, o.id::text as which from orders o left join order_events e on e.order_id = o.id
      group by o.id having count(e.*) <> o.version or max(e.version) <> o.version
        or (array_agg(e.status order by e.version desc))[1] <> o.status`,
    orders`select 'order without lines' as what, id::text as which from orders where id not in (select order_id from order_lines)`,
    inventory`select 'stock' as what, to_jsonb(d)::text as which from stock_discrepancies d`,
    payments`
      select 'refund' as what, r.id::text as which from refunds r
      where not exists (select from payment_operations o where o.refund_id = r.id)`,
    ...[orders, inventory, payments].map(
      (sql) => sql`select 'dead letter' as what, error as which from messaging.dead_letters`,
    ),
  ]);
  return found.flat().map(({ what, which }) => ({ what: what as string, which: which as string }));
}

import { once } from 'node:events';
import { type DocumentNode, print } from 'graphql';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import {
  OrderStepsDocument,
  type OrderStatus,
  OrdersUpdatedDocument,
  OrderUpdatedDocument,
  ProductsDocument,
} from '#tests/documents/documents.generated.ts';
import { createRandom, hash, type Random } from '#tests/oracle/random.ts';
import { type ApiClient, createApiClient } from '#tests/support/api-client.ts';
import { startTestSystem, type TestSystem } from '#tests/support/system.ts';
import { until } from '#tests/support/until.ts';
import { cutAgainAndAgain, killAgainAndAgain } from './kill/chaos.ts';
import { ALL_ORDERS, type Follower, startFollower } from './kill/follower.ts';
import { type Fate, moveOrder, pauseUnless, placeOrder, type Shop } from './kill/shop.ts';
import { TRANSPORTS } from './kill/transports.ts';

/*
 * KILL_SECONDS   how long services and connections are killed (12)
 * KILL_RUNS      how many times, each with another seed (1)
 * KILL_SEED      repeats the choices of a run, as far as processes and sockets let themselves be repeated
 */
const SECONDS = Number(process.env['KILL_SECONDS'] ?? 12);
const RUNS = Number(process.env['KILL_RUNS'] ?? 1);
const FIRST_SEED = Number(process.env['KILL_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

const ORDERS = 50;
const CLIENTS = 200;
/** Besides the clients: staff who follow all orders. */
const WATCHERS = 8;
/** Placed before the killing begins; the others come at any time of it. */
const PLACED_FIRST = 15;
/** Until everything that is under way when the killing ends must have come to its end. */
const PATIENCE_MS = 60_000;
/** For starting and stopping, and for what is still under way when the killing ends. On a busy machine, too. */
const BESIDES_MS = 150_000;

test.for(Array.from({ length: RUNS }, (_, run) => (FIRST_SEED + run) >>> 0))(
  'while clients, gateway and orders are killed at random, every client gets every version once, in order (KILL_SEED=%i)',
  { timeout: SECONDS * 1_000 + BESIDES_MS },
  async (seed) => {
    await using system = await startTestSystem();
    const { followers, expected, ...figures } = await torment(system, seed);
    console.log(`KILL_SEED=${seed} KILL_SECONDS=${SECONDS} ${JSON.stringify(figures)}`);
    expect(expected.size).toBe(ORDERS + 1);
    for (const places of expected.values()) expect(places).toEqual(upTo(places.length));
    expect(followers).toHaveLength(CLIENTS + WATCHERS);
    const got = followers.map(({ name, follows, seen, problems }) => ({ name, follows, seen, problems }));
    expect(got).toEqual(
      got.map((client) => ({ ...client, seen: expected.get(client.follows), problems: [] })),
    );
    // Otherwise it has shown nothing.
    expect(Math.min(figures.gatewayKills, figures.ordersKills)).toBeGreaterThan(0);
  },
);

/** Places, moves and follows orders while it kills what serves them; all of it has come to its end when it resolves. */
async function torment(system: TestSystem, seed: number) {
  // One generator for each who chooses: what one of them does must not depend on how quick another one was.
  const randomOf = (who: string) => createRandom(seed ^ hash(who));
  await using people = await logInEverybody(system);
  await using database = openOrders(system);
  using leaving = abortedAtTheEnd();
  const { staff, ada, grace } = people;
  const sku = await findStocked(ada);
  using ending = abortedAtTheEnd();
  const over = ending.signal;
  const followers: Follower[] = [];

  function follow(
    index: number,
    random: Random,
    as: Person,
    document: DocumentNode,
    follows: string,
  ): Follower {
    const transport = TRANSPORTS[index % TRANSPORTS.length];
    if (transport === undefined) throw new Error('there is no transport');
    const follower = startFollower({
      transport,
      resume: random.pick(transport.resumes),
      url: system.url,
      authorization: as.authorization,
      query: print(document),
      follows,
      random,
      leaving: leaving.signal,
    });
    followers.push(follower);
    return follower;
  }

  /** One of the clients of an order, of whom each comes another way. */
  async function followOrder(orderId: string, owner: Person, order: number, index: number): Promise<void> {
    const random = randomOf(`client ${index} of order ${order}`);
    await pauseUnless(over, random.chance(70) ? 0 : random.below(SECONDS * 300));
    const as = random.chance(75) ? owner : staff;
    const document = random.chance(50) ? OrderUpdatedDocument : OrderStepsDocument;
    await follow(index, random, as, document, orderId).done;
  }

  async function live(index: number): Promise<void> {
    const random = randomOf(`order ${index}`);
    const owner = random.pick([ada, grace]);
    const fate = random.pick<Fate>(['DELIVERED', 'DELIVERED', 'DELIVERED', 'CANCELLED', 'REJECTED']);
    const shop: Shop = { customer: owner, staff, sku, statusOf: database.statusOf };
    if (index >= PLACED_FIRST) await pauseUnless(over, random.below(SECONDS * 700));
    const orderId = await placeOrder(shop, fate);
    const following = Array.from({ length: CLIENTS / ORDERS }, (_, client) =>
      followOrder(orderId, owner, index, client),
    );
    await moveOrder(shop, orderId, fate, { random, pauseMs: SECONDS * 200, hurry: over });
    await Promise.all(following);
  }

  const watchers = Array.from({ length: WATCHERS }, (_, index) =>
    follow(index, randomOf(`watcher ${index}`), staff, OrdersUpdatedDocument, ALL_ORDERS),
  );
  const living = Promise.all(Array.from({ length: ORDERS }, (_, index) => live(index)));
  living.catch(() => {}); // whoever waits for it below hears of it
  await Promise.race([
    living,
    until(() => followers.some(({ seen }) => seen.length > 0), 'an update', PATIENCE_MS),
  ]);
  setTimeout(ending.abort, SECONDS * 1_000);
  const [gatewayKills, ordersKills, cuts] = await Promise.all([
    killAgainAndAgain(system, 'gateway', randomOf('gateway'), over),
    killAgainAndAgain(system, 'orders', randomOf('orders'), over),
    cutAgainAndAgain(followers, randomOf('cuts'), over),
    Promise.race([living, untilAborted(over)]),
  ]);
  await withPatience(living, () => `clients still wait: ${followers.filter(isWaiting).map(show).join('; ')}`);

  const versions = await database.versions();
  const changes = sum([...versions.values()].map(({ length }) => length));
  const expected = new Map([...versions, [ALL_ORDERS, upTo(changes)]]);
  const haveAll = () =>
    watchers.every(({ seen, problems }) => (seen.at(-1) ?? 0) >= changes || problems.length > 0);
  await until(haveAll, 'all changes at those who follow all orders', PATIENCE_MS);
  return {
    followers,
    expected,
    changes,
    gatewayKills,
    ordersKills,
    cuts,
    losses: countEach(followers.flatMap(({ losses }) => losses)),
    connections: sum(followers.map(({ connections }) => connections)),
    deliveries: sum(followers.map(({ seen }) => seen.length)),
  };
}

const upTo = (length: number) => Array.from({ length }, (_, index) => index + 1);
const isWaiting = ({ settled, follows }: Follower) => !settled && follows !== ALL_ORDERS;
const show = ({ name, follows, seen }: Follower) => `${follows} by ${name} at ${seen.at(-1)}`;
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

function countEach(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

type Person = ApiClient & { readonly authorization: string };

async function logInEverybody(system: TestSystem) {
  const opened = new AsyncDisposableStack();
  const logIn = async (name: string): Promise<Person> => {
    const client = opened.use(createApiClient(system.url));
    const authorization = await client.logIn(system.account(name));
    return { ...client, authorization };
  };
  const [ada, grace, staff] = await Promise.all([logIn('ada'), logIn('grace'), logIn('staff')]);
  return { ada, grace, staff, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

async function findStocked(client: ApiClient): Promise<string> {
  const { products } = await client.ask(ProductsDocument, { first: 100 });
  const stocked = products.nodes
    .flatMap(({ variants }) => variants)
    .find(({ available }) => available > ORDERS);
  if (stocked === undefined) throw new Error('there is not enough of anything');
  return stocked.sku;
}

/** What really happened, from the orders database itself. */
function openOrders(system: TestSystem) {
  const sql = postgres(system.databaseUrls.orders, { max: 2, onnotice: () => {} });
  return {
    async statusOf(orderId: string): Promise<OrderStatus> {
      const [row] = await sql<{ status: OrderStatus }[]>`select status from orders where id = ${orderId}`;
      if (row === undefined) throw new Error(`there is no order ${orderId}`);
      return row.status;
    },
    /** Each order's versions, by its id. */
    async versions(): Promise<ReadonlyMap<string, number[]>> {
      const rows = await sql<{ id: string; versions: number[] }[]>`
        select order_id as id, array_agg(version order by version) as versions from order_events group by order_id`;
      return new Map(rows.map(({ id, versions }) => [id, versions]));
    },
    [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }),
  };
}

function abortedAtTheEnd() {
  const controller = new AbortController();
  const abort = () => controller.abort();
  return { signal: controller.signal, abort, [Symbol.dispose]: abort };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

async function withPatience(work: Promise<unknown>, describe: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(describe())), PATIENCE_MS);
  });
  await Promise.race([work, tooLate]);
  clearTimeout(timer);
}

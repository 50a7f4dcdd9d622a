/** What the integration tests of payments share: a database, a provider, workers that can be killed, and both sides' books. */
import { uuidv7 } from 'uuidv7';
import { vi } from 'vitest';
import type { UserActor } from '#platform/auth/actor.ts';
import type { MessageType, Payload } from '#schema/messages.ts';
import { openDatabase, type Transaction } from '#platform/postgres/database.ts';
import { createLogger } from '#platform/process/logger.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { findTransactions } from './db/ledger.queries.ts';
import { findPaymentsOfOrders } from './db/payment.queries.ts';
import type { PaymentRow } from './db/tables.ts';
import { messageHandlers } from './messages.ts';
import { type OperationTimes, runOperations } from './operations/run-operations.ts';
import type { PaymentProvider } from './provider/provider.ts';
import { createSimulator } from './provider/simulator.ts';

export const STAFF: UserActor = {
  kind: 'user',
  userId: uuidv7(),
  roles: ['STAFF'],
  expiresAt: new Date('2100-01-01'),
};

/** Times to test with: nothing waits long, and no deadline passes only because the machine is busy. */
const TEST_TIMES: OperationTimes = {
  authorisationDeadlineMs: 60_000,
  providerTimeoutMs: 5_000,
  leaseMs: 200,
  pollMs: 25,
};
const LOOK_EVERY_MS = 15;
const SETTLED_WITHIN_MS = 20_000;
const WORKER_CONNECTIONS = 2;

/** A process that puts operations to the provider, as far as the database can tell. */
export interface TestWorker extends AsyncDisposable {
  /** From here on nothing that it does reaches the database, whatever line it is at. */
  kill(): Promise<void>;
}

export interface TestPayments extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly simulator: PaymentProvider;
  /** Has the message handled, as the inbox does: in one transaction. */
  send<Type extends MessageType>(type: Type, payload: Payload<Type>): Promise<void>;
  /** Asks for an authorisation of 100.00 GBP unless told otherwise; returns the order's id. */
  authorise(
    paymentMethod: string,
    order?: { orderId?: string; customerId?: string; minor?: bigint },
  ): Promise<string>;
  /** `provider` may get in the way of the calls of this worker. */
  startWorker(options?: {
    times?: Partial<OperationTimes>;
    provider?: (worker: TestWorker) => PaymentProvider;
  }): Promise<TestWorker>;
  /** All of them, the killed ones too. */
  stopWorkers(): Promise<void>;
  /** Resolves once the provider has been asked everything that is to be asked; of one order or of all. */
  settled(orderId?: string): Promise<void>;
  /** Resolves once the provider has heard of the order. */
  asked(orderId: string): Promise<void>;
  payment(orderId: string): Promise<PaymentRow | undefined>;
  /** `AUTHORISATION PENDING`, and so on, oldest first. */
  ledger(orderId: string): Promise<string[]>;
  /** Messages to orders about this order, oldest first. */
  replies(orderId: string): Promise<{ type: string; code?: string }[]>;
  /** What the provider has done with the customer's money for this order: `HOLD 10000`, and so on, oldest first. */
  movements(orderId: string): Promise<string[]>;
}

export async function createTestPayments({ slowMs = 150 }: { slowMs?: number } = {}): Promise<TestPayments> {
  await using starting = new AsyncDisposableStack();
  const database = starting.use(await cloneDatabase('payments'));
  const simulator = starting.use(await createSimulator({ url: database.url, slowMs }));
  const { sql } = database;
  const workers = new Set<TestWorker>();
  const stopWorkers = async () => {
    await Promise.all([...workers].map((worker) => worker[Symbol.asyncDispose]()));
  };
  starting.defer(stopWorkers);
  const resources = starting.move();

  const tested: TestPayments = {
    database,
    simulator,
    stopWorkers,
    async send(type, payload) {
      const handle = messageHandlers[type] as (message: object, tx: Transaction) => Promise<void>;
      await database.db.transaction((tx) => handle({ payload }, tx));
    },
    async authorise(paymentMethod, { orderId = uuidv7(), customerId = uuidv7(), minor = 10_000n } = {}) {
      const amount = { minor: minor.toString(), currencyCode: 'GBP' };
      await tested.send('payments.authorise', { orderId, customerId, amount, paymentMethod });
      return orderId;
    },
    async startWorker({ times, provider = () => simulator } = {}) {
      const own = openDatabase({
        url: database.url,
        applicationName: 'test worker',
        poolSize: WORKER_CONNECTIONS,
      });
      const started = Promise.withResolvers<AsyncDisposable>();
      const worker: TestWorker = {
        async kill() {
          await started.promise;
          await own.close(0);
        },
        async [Symbol.asyncDispose]() {
          workers.delete(worker);
          const running = await started.promise;
          await running[Symbol.asyncDispose]();
          await own[Symbol.asyncDispose]();
        },
      };
      workers.add(worker);
      const running = await runOperations({
        database: own,
        provider: provider(worker),
        logger: createLogger('test', 'silent'),
        times: { ...TEST_TIMES, ...times },
      });
      started.resolve(running);
      return worker;
    },
    async settled(orderId) {
      await vi.waitFor(
        async () => {
          const open = await sql`
            select o.kind, o.attempts from payment_operations o join payments p on p.id = o.payment_id
            where o.state = 'OPEN' and p.order_id = coalesce(${orderId ?? null}::uuid, p.order_id)`;
          if (open.length > 0)
            throw new Error(`${open.length} still to be asked, such as ${JSON.stringify(open[0])}`);
        },
        { interval: LOOK_EVERY_MS, timeout: SETTLED_WITHIN_MS },
      );
    },
    async asked(orderId) {
      await vi.waitFor(
        async () => {
          const requests =
            await sql`select 1 from simulator.requests where fingerprint ->> 'reference' = ${orderId}`;
          if (requests.length === 0) throw new Error('the provider has not been asked');
        },
        { interval: LOOK_EVERY_MS, timeout: SETTLED_WITHIN_MS },
      );
    },
    payment: async (orderId) => (await findPaymentsOfOrders(database.db, [orderId]))[0],
    async ledger(orderId) {
      const payment = await tested.payment(orderId);
      const entries = payment === undefined ? [] : await findTransactions(database.db, [payment.id]);
      return entries.map(({ kind, status }) => `${kind} ${status}`);
    },
    async replies(orderId) {
      const rows = await sql<{ type: string; code: string | null }[]>`
        select type, payload ->> 'code' as code from messaging.outbox where key = ${orderId} order by position`;
      return rows.map(({ type, code }) => (code === null ? { type } : { type, code }));
    },
    async movements(orderId) {
      const rows = await sql<{ kind: string; amount: string }[]>`
        select m.kind, m.amount_minor as amount from simulator.movements m join simulator.charges c using (authorisation_key)
        where c.reference = ${orderId} order by m.position`;
      return rows.map(({ kind, amount }) => `${kind} ${amount}`);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
  return tested;
}

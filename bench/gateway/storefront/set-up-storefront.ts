import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GATEWAY_SECRET_HEADER } from '#platform/server/request-context.ts';
import { startTestSystem } from '#tests/support/system.ts';
import { composeSubgraphs } from '#system/supergraph.ts';
import { type Course, layOutCourse } from '../course.ts';
import { post } from '../measure.ts';
import { startCountingRelay } from './counting-relay.ts';
import { furnish } from './furnish.ts';
import { newPageQuery, PAGE_QUERY, pageFloor } from './page.ts';

const SETTLED_AFTER_MS = 500;

/** Our own schema: the subgraphs' real processes, and PostgreSQL behind them. */
export async function setUpStorefront(): Promise<Course> {
  await using started = new AsyncDisposableStack();
  // The gateways under measurement run in production.
  const gatewaySecret = randomBytes(24).toString('base64url');
  const system = started.use(await startTestSystem({ env: { LOG_LEVEL: 'warn' }, gatewaySecret }));
  const headers = { authorization: `Bearer ${await furnish(system)}` };
  await settled(() => post(system.url, PAGE_QUERY, headers));

  const { users, inventory, payments, orders } = system.ports;
  const relay = async (port: number) => started.use(await startCountingRelay(port));
  const relays = {
    users: await relay(users),
    inventory: await relay(inventory),
    payments: await relay(payments),
    orders: await relay(orders),
  };
  const urlOf = ({ port }: { port: number }) => `http://127.0.0.1:${port}/graphql`;
  const urls = {
    users: urlOf(relays.users),
    inventory: urlOf(relays.inventory),
    payments: urlOf(relays.payments),
    orders: urlOf(relays.orders),
  };

  return await layOutCourse(
    {
      workload: {
        name: 'storefront: our own subgraphs on PostgreSQL',
        query: PAGE_QUERY,
        headers,
        newQuery: newPageQuery,
        subgraphRequests: async () =>
          Object.values(relays).reduce((sum, { requests }) => sum + requests(), 0),
        warmUpRequests: 600,
      },
      supergraph: await composeSubgraphs(urls),
      env: { GATEWAY_SECRET: gatewaySecret },
      floor: (data) => ({
        headers: { ...headers, [GATEWAY_SECRET_HEADER]: gatewaySecret },
        rounds: pageFloor(data, urls),
      }),
      // Beside the floor nothing is promised: with so few requests a second its share of a core is too small to divide by.
      promises: ({ alone, sharedCalls, peer }) => [
        {
          promise: 'nothing shared, processor time ÷ @apollo/gateway',
          measured: alone.cpuMsPerRequest / peer.cpuMsPerRequest,
          atMost: 0.8,
        },
        {
          promise: 'subgraph calls shared ÷ @apollo/gateway',
          measured: sharedCalls.cpuMsPerRequest / peer.cpuMsPerRequest,
          atMost: 0.2,
        },
        {
          promise: 'subgraph requests of one query ÷ @apollo/gateway',
          measured: alone.callsAlone / peer.callsAlone,
          atMost: 1,
        },
        {
          promise: 'subgraph requests under load, calls shared ÷ nothing shared',
          measured: sharedCalls.callsUnderLoad / alone.callsUnderLoad,
          atMost: 0.25,
        },
        // Of those who answered about as many: memory grows with what is under way.
        {
          promise: 'peak memory, nothing shared ÷ @apollo/gateway',
          measured: alone.peakMb / peer.peakMb,
          atMost: 1,
        },
      ],
    },
    started,
  );
}

/** What an order sets off goes on for a moment in other services: waits until the answer stays the same. */
async function settled(ask: () => Promise<string>): Promise<void> {
  for (let last = ''; ; ) {
    const answer = await ask();
    if (answer === last) return;
    last = answer;
    await sleep(SETTLED_AFTER_MS);
  }
}

/** A service on a database that this code does not fit: newer, or never brought forward. It says so in a line and does nothing. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectBus, createPostgresBus } from '#platform/messaging/postgres-bus.ts';
import { explainStartFailure } from '#platform/process/start-failure.ts';
import { silentLogger as logger } from '#platform/process/logger.ts';
import { createInventorySubgraph } from '#subgraphs/inventory/subgraph.ts';
import { createOrdersSubgraph } from '#subgraphs/orders/subgraph.ts';
import { createSimulator } from '#subgraphs/payments/provider/simulator.ts';
import { createPaymentsSubgraph } from '#subgraphs/payments/subgraph.ts';
import { createUsersSubgraph } from '#subgraphs/users/subgraph.ts';
import { newSigningKey } from '#subgraphs/users/testing.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import { TEST_GATEWAY_SECRET as gatewaySecret } from '#tests/support/subgraphs/subgraph-client.ts';
import { SUBGRAPH_NAMES, type SubgraphName } from '#tests/support/subgraphs/subgraphs.ts';
import { createTestTokens } from '#tests/support/tokens.ts';
import { ROOT } from '#system/settings.ts';

let busDatabase: TestDatabase;
beforeAll(async () => {
  busDatabase = await cloneDatabase('bus');
});
afterAll(() => busDatabase[Symbol.asyncDispose]());

/** Starts a service in this process. */
const START: Readonly<Record<SubgraphName, (database: TestDatabase) => Promise<AsyncDisposable>>> = {
  users: (database) => {
    const bus = createPostgresBus({ database: busDatabase, logger });
    return createUsersSubgraph({ database, bus, signingKey: newSigningKey(), gatewaySecret, logger });
  },
  inventory: async (database) => createInventorySubgraph({ database, ...(await shared()) }),
  orders: async (database) => createOrdersSubgraph({ database, ...(await shared()) }),
  payments: async (database) => {
    await using provider = await createSimulator({ url: database.url });
    return await createPaymentsSubgraph({ database, provider, ...(await shared()) });
  },
};

async function shared() {
  const { verifyToken } = await createTestTokens();
  return { bus: createPostgresBus({ database: busDatabase, logger }), verifyToken, gatewaySecret, logger };
}

test.each(SUBGRAPH_NAMES)('%s refuses a database that is newer, older or empty', async (name) => {
  await using database = await cloneDatabase(name);
  for (const [statement, line] of [
    [
      `insert into migrations_${name} (name, run_on) values ('0099_of-tomorrow', now())`,
      `was brought forward by newer code: .* not know ${name}/0099_of-tomorrow. Run the newer code`,
    ],
    [
      `delete from migrations_${name} where name similar to '(0003|0099)%'`,
      `is older than this code: ${name}/0003_\\S+ has not run. Run npm run migrate`,
    ],
    [
      `drop schema if exists simulator cascade; drop schema public cascade; create schema public`,
      `is older than this code: messaging/0001.* have not run. Run npm run migrate`,
    ],
  ] as const) {
    await database.sql.unsafe(statement);
    const explained = explainStartFailure(await rejectionOf(START[name](database)));
    expect(explained).toMatch(new RegExp(`^The database ${name}_\\w+ .*${line}[^\\n]*$`));
  }
});

test('the bus of a newer or an older database is refused; one that is away is not waited for', async () => {
  const connect = (url = busDatabase.url) => connectBus({ url, applicationName: 'starting', logger });
  const away = new URL(busDatabase.url);
  away.port = '1';
  await (await connect(away.href))[Symbol.asyncDispose]();
  const { sql } = busDatabase;
  const [latest] = await sql`delete from migrations_bus where name like '0002%' returning *`;
  expect(explainStartFailure(await rejectionOf(connect()))).toMatch(
    /older than this code: bus\/0002_\S+ has not run/,
  );
  await sql`insert into migrations_bus ${sql(latest ?? {})}`;
  await (await connect())[Symbol.asyncDispose]();
});

test('each service by itself, beside a bus of newer code, ends with one line', async () => {
  await using newer = await cloneDatabase('bus');
  await newer.sql`insert into migrations_bus (name, run_on) values ('0099_of-tomorrow', now())`;
  const run = promisify(execFile);
  const ended = SUBGRAPH_NAMES.map((name) => {
    const env = {
      PATH: process.env['PATH'],
      [`${name.toUpperCase()}_DATABASE_URL`]: newer.url,
      BUS_DATABASE_URL: newer.url,
      GATEWAY_SECRET: gatewaySecret,
      USERS_JWKS_URL: 'http://127.0.0.1:1/',
      USERS_SIGNING_KEY: JSON.stringify({
        ...newSigningKey().privateKey.export({ format: 'jwk' }),
        kid: 'test',
      }),
      PORT: '0',
    };
    const args = ['--import', './system/drizzle-as-commonjs.ts', `subgraphs/${name}/main.ts`];
    return rejectionOf(run(process.execPath, args, { env, cwd: ROOT }));
  });
  for (const error of await Promise.all(ended)) {
    const { stdout = '', code } = error as Error & { stdout?: string; code?: number };
    expect({
      code,
      lines: stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).msg),
    }).toEqual({
      code: 1,
      lines: [expect.stringMatching(/^The database bus_\w+ was brought forward by newer code: .*bus\/0099/)],
    });
  }
});

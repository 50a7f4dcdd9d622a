import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CATALOGUE } from '../seed/catalogue.ts';
import { seedInventory } from '../seed/seed.ts';
import { type InventoryUnderTest, startInventory } from '../testing.ts';

let inventory: InventoryUnderTest;
beforeAll(async () => {
  inventory = await startInventory();
  await seedInventory(inventory.database);
});
afterAll(() => inventory[Symbol.asyncDispose]());

const QUERY = `query ($search: String, $first: Int, $after: String) {
  products(search: $search, first: $first, after: $after) {
    totalCount nodes { id name } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
interface Page {
  totalCount: number;
  nodes: { id: string; name: string }[];
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

async function page(search: string | null, first = 100, after: string | null = null): Promise<Page> {
  const { data, errors } = await inventory.ask<{ products: Page }>(QUERY, { search, first, after });
  expect(errors).toBeUndefined();
  return data.products;
}
const names = async (search: string) => (await page(search)).nodes.map(({ name }) => name);

/** Everything, a page after the other. */
async function all(search: string | null, first: number): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ; ) {
    const { nodes, pageInfo } = await page(search, first, after);
    ids.push(...nodes.map(({ id }) => id));
    expect(pageInfo.hasPreviousPage).toBe(after !== null);
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor;
  }
}

test('without a search, or with a blank one, all products are listed by name', async () => {
  const listed = await page(null);
  expect(listed.totalCount).toBe(CATALOGUE.length);
  expect(listed.nodes.map(({ name }) => name).toSorted()).toEqual(
    CATALOGUE.map(({ name }) => name).toSorted(),
  );
  expect(listed.nodes[0]?.name).toBe('Beeswax Candle');
  expect(await page('  ')).toEqual(listed);
});

test('a product is found by its words in any form and order, by its variants and by its SKUs', async () => {
  expect((await names('mugs'))[0]).toBe('Stoneware Mug');
  expect((await names('board chopping'))[0]).toBe('Oak Chopping Board');
  expect((await names('towel indigo'))[0]).toBe('Linen Tea Towel');
  expect((await names('BAG-ROLL-OLV'))[0]).toBe('Roll-Top Backpack');
  expect((await names('laptop'))[0]).toBe('Roll-Top Backpack');
});

test('typing errors are forgiven', async () => {
  for (const [typed, meant] of [
    ['kebyoard', 'Mechanical Keyboard'],
    ['headfones', 'Noise-Cancelling Headphones'],
    ['stonewear mug', 'Stoneware Mug'],
    ['cafetière', 'Cafetiere'],
    ['blutooth speeker', 'Bluetooth Speaker'],
    ['notebok', 'Dotted Notebook'],
    ['backpak', 'Roll-Top Backpack'],
    ['jaket', 'Waxed Jacket'],
    ['candel', 'Beeswax Candle'],
    ['moka grindr', null],
  ] as const) {
    const found = await names(typed);
    expect([typed, found[0] ?? null]).toEqual([typed, meant]);
  }
});

test('a word in the name counts more than one in the description, and the exact word more than one like it', async () => {
  const coffee = await names('coffee');
  expect(coffee.slice(0, 2).every((name) => name.includes('Coffee'))).toBe(true);
  expect(coffee).toContain('House Espresso Beans');
  expect((await names('shirt'))[0]).toContain('Shirt');
  expect(await names('tea')).not.toContain('Two-Person Tent');
});

test('what is like nothing finds nothing, and no sign or word of SQL does any harm', async () => {
  for (const search of [
    'xylophone',
    '?!',
    '%',
    "'; drop table products; --",
    "a' & !b | (c",
    'NUL \0',
    '\\',
    '<->',
    ':*',
  ]) {
    expect((await page(search)).nodes).toEqual(expect.any(Array));
  }
  expect(await page('xylophone')).toEqual({
    totalCount: 0,
    nodes: [],
    edges: [],
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  });
});

test('pages of any size, put together, are the whole list once', async () => {
  const search = fc.constantFrom(
    null,
    'coffee',
    'linen',
    'wool',
    'mug',
    'black',
    'tea towel',
    'in',
    'keybord',
    'steel',
  );
  await fc.assert(
    fc.asyncProperty(search, fc.integer({ min: 2, max: 9 }), async (searched, first) => {
      const whole = await page(searched);
      expect(await all(searched, first)).toEqual(whole.nodes.map(({ id }) => id));
      expect(whole.totalCount).toBe(whole.nodes.length);
      expect(whole.edges.map(({ node }) => node.id)).toEqual(whole.nodes.map(({ id }) => id));
    }),
    { numRuns: 12 },
  );
});

test('products that come in between two pages, in front of or behind the cursor, shift nothing', async () => {
  const staff = await inventory.tokens.staff();
  async function create(name: string) {
    const { data } = await inventory.ask<{ createProduct: { userErrors: unknown[] } }>(
      `mutation ($input: CreateProductInput!) { createProduct(input: $input) { product { id } userErrors { code } } }`,
      {
        input: {
          idempotencyKey: name,
          name,
          description: name,
          variants: [
            {
              sku: name.toUpperCase().replaceAll(' ', '-'),
              name: 'One',
              price: { amount: '1', currencyCode: 'GBP' },
            },
          ],
        },
      },
      staff,
    );
    expect(data.createProduct.userErrors).toEqual([]);
  }
  for (const [search, better] of [
    [null, 'Aardvark'],
    ['linen', 'Linen linen linen linen'],
  ] as const) {
    const before = await page(search);
    const first = await page(search, 2);
    await create(better);
    await create(`${better} again`);
    const rest = await page(search, 100, first.pageInfo.endCursor);
    const listed = [...first.nodes, ...rest.nodes];
    expect(listed.filter(({ name }) => !name.startsWith(better))).toEqual(before.nodes);
    expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
  }
});

test('products that match equally well all get their turn', async () => {
  const { sql } = inventory.database;
  await sql`
    insert into products (id, name, description, variant_terms)
    select gen_random_uuid(), 'Identical widget', 'The same.', 'WIDGET' from generate_series(1, 25)`;
  expect(new Set(await all('widget', 4)).size).toBe(25);
});

test('a bad page is refused by the argument at fault', async () => {
  const cursor = (await page('linen')).pageInfo.endCursor;
  const made = (text: string) => Buffer.from(text).toString('base64url');
  const id = '01990000-0000-7000-8000-000000000001';
  for (const variables of [
    { first: 0 },
    { first: 101 },
    { after: 'nonsense' },
    { after: cursor }, // of a search, on the list
    { search: 'oak', after: cursor }, // of another search
    { search: 'linen', after: (await page(null)).pageInfo.endCursor }, // the other way round
    { search: 'linen', after: made('score not-an-id 5') },
    { search: 'linen', after: made(`score ${id} 99999999999999999999`) },
    { after: made(`name ${id} \0`) },
    { search: 'x'.repeat(201) },
  ]) {
    const { errors } = await inventory.ask(QUERY, variables);
    expect({ variables, code: errors?.[0]?.extensions.code }).toEqual({ variables, code: 'BAD_USER_INPUT' });
  }
});

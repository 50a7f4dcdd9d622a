import { parseOptions } from '@node-rs/argon2';
import { expect, test } from 'vitest';
import { createPasswords } from './passwords.ts';

const PASSWORD = 'correct horse battery staple';

test('a password is kept as Argon2id with OWASP parameters and a salt of its own', async () => {
  const passwords = await createPasswords();
  const [one, other] = await Promise.all([passwords.hash(PASSWORD), passwords.hash(PASSWORD)]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(parseOptions(one)).toMatchObject({ outputLen: 32, saltLen: 16 });
  expect(one).not.toBe(other);
});

test('the right password holds, another does not, and nobody has one', async () => {
  const passwords = await createPasswords();
  const stored = await passwords.hash(PASSWORD);
  expect(await passwords.verify(PASSWORD, stored)).toBe(true);
  expect(await passwords.verify(`${PASSWORD} `, stored)).toBe(false);
  expect(await passwords.verify('nobody has this password', null)).toBe(false);
});

test('a letter composed in another way is the same letter', async () => {
  const passwords = await createPasswords();
  const stored = await passwords.hash('caf\u00e9 caf\u00e9 caf\u00e9');
  expect(await passwords.verify('cafe\u0301 cafe\u0301 cafe\u0301', stored)).toBe(true);
});

test('more than can wait are refused at once; those that wait are served', async () => {
  const passwords = await createPasswords({ atOnce: 1, waiting: 2 });
  const all = await Promise.allSettled([1, 2, 3, 4].map(() => passwords.verify(PASSWORD, null)));
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  expect(all[3]).toMatchObject({ reason: { code: 'TRY_AGAIN_LATER' } });
  expect(await passwords.verify(PASSWORD, null)).toBe(false);
});

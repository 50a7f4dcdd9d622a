import { expect, test } from 'vitest';
import { weaknessOf } from './password-strength.ts';

const ABOUT = ['ada.lovelace@example.com', 'Ada Lovelace'];

test.each([
  'aaaaaaaaaaaa',
  ' '.repeat(12),
  'a'.repeat(200),
  '123456789012',
  'password1234',
  'Password123!',
  'P@ssw0rd2024!',
  'passwordpassword',
  'qwertyuiopas',
  'iloveyou1234',
  'abcdefghijkl',
  'abc123abc123',
  'ordergraph2026',
  // what others know
  'ada.lovelace@example.com',
  'adalovelace12',
  'LovelaceAda1!',
  'example.com2026',
  // the same letters, written wide
  '\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff441234',
])('%s is refused, with a reason', async (password) => {
  expect(await weaknessOf(password, ABOUT)).toMatch(/^This password is easy to guess\. \p{L}.+/u);
});

test.each([
  'correct horse battery staple',
  'another horse battery staple',
  'wrong horse battery staple',
  'kx7d-9fqp-mmzw-h2ta',
  'мой дядя самых честных правил',
  '床前明月光疑是地上霜举头望',
  '🦉🌧️🚲🧦 lamp',
  `${'a'.repeat(24)}kx7d-9fqp-mmzw-h2ta`,
])('%s is taken: no rules of what it must hold', async (password) => {
  expect(await weaknessOf(password, ABOUT)).toBeNull();
});

test('whatever is sent takes little time', async () => {
  await weaknessOf('warm the lists up', ABOUT);
  for (const unit of ['4@(3{6!1|0$5+7%2', '1.1.1991', 'xq7Zk!', 'p4ssw0rd1987qwerty', 'ﷺ']) {
    const startedAt = process.cpuUsage();
    await weaknessOf(
      unit.repeat(200).slice(0, 200),
      Array.from({ length: 2 }, () => 'x y z '.repeat(40)),
    );
    expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(1_000);
  }
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '#platform/postgres/database.ts';
import { cloneDatabase } from '#tests/support/database/database.ts';
import type { CommandContext } from '../context.ts';
import { ATTEMPT_WINDOW_MS, ATTEMPTS_PER_WINDOW } from '../domain/password-attempts.ts';
import { createCommandContext, createTestClock, createUser, PASSWORD } from '../testing.ts';
import { changePassword } from './change-password.ts';
import { logIn } from './log-in.ts';
import { refreshSession } from './refresh-session.ts';

const WRONG = 'wrong horse battery staple';
const NEW_PASSWORD = 'another horse battery staple';

const clock = createTestClock();
let database: Database;
let context: CommandContext;

beforeAll(async () => {
  database = await cloneDatabase('users');
  context = await createCommandContext(database, clock);
});
afterAll(() => database[Symbol.asyncDispose]());

/** `in`, or the code of the refusal. */
async function attempt(email: string, password: string): Promise<string> {
  return logIn(context, { email, password }).then(
    () => 'in',
    ({ code }: { code: string }) => code,
  );
}

const times = (count: number, run: () => Promise<string>) => Promise.all(Array.from({ length: count }, run));

/** The same person, by an access token. */
function as(userId: string): CommandContext {
  const expiresAt = new Date(clock.now().getTime() + 60_000);
  return { ...context, actor: { kind: 'user', userId, roles: ['CUSTOMER'], expiresAt } };
}

test('an e-mail address is the same in whatever case it is typed', async () => {
  const { email } = await createUser(context);
  expect(await attempt(email.toUpperCase(), PASSWORD)).toBe('in');
});

test('an unknown address and a wrong password are refused by the same words', async () => {
  const { email } = await createUser(context);
  const refusal = (email: string) =>
    logIn(context, { email, password: WRONG }).catch((error: unknown) => error);
  const [known, unknown] = [await refusal(email), await refusal('nobody@example.com')];
  expect(known).toMatchObject({ code: 'INVALID_CREDENTIALS', field: null });
  expect(unknown).toEqual(known);
});

test('an unknown address takes as long as a wrong password', async () => {
  const timed = async (email: string) => {
    const start = performance.now();
    expect(await attempt(email, WRONG)).toBe('INVALID_CREDENTIALS');
    return performance.now() - start;
  };
  const { email } = await createUser(context);
  const known: number[] = [];
  const unknown: number[] = [];
  for (let round = 0; round < ATTEMPTS_PER_WINDOW; round++) {
    known.push(await timed(email));
    unknown.push(await timed('unknown@example.com'));
  }
  // Without a hash to verify the answer takes a tenth; what other work does to one figure the best of ten leaves out.
  expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...known) / 2);
});

test('too many wrong passwords: even the right one has to wait, until the window ends', async () => {
  const { email } = await createUser(context);
  for (let attempts = 0; attempts < ATTEMPTS_PER_WINDOW; attempts++) {
    expect(await attempt(email, WRONG)).toBe('INVALID_CREDENTIALS');
    clock.advance(1_000);
  }
  await expect(logIn(context, { email: email.toUpperCase(), password: PASSWORD })).rejects.toMatchObject({
    code: 'TRY_AGAIN_LATER',
    message: 'Too many failed attempts. Try again in 15 minutes.',
  });
  clock.advance(ATTEMPT_WINDOW_MS - ATTEMPTS_PER_WINDOW * 1_000 - 1);
  await expect(logIn(context, { email, password: PASSWORD })).rejects.toMatchObject({
    message: 'Too many failed attempts. Try again in 1 minute.',
  });
  clock.advance(1);
  expect(await attempt(email, PASSWORD)).toBe('in');
});

test('many guesses at the same time are no more guesses', async () => {
  const { email } = await createUser(context);
  const answers = await times(3 * ATTEMPTS_PER_WINDOW, () => attempt(email, WRONG));
  expect(answers.filter((answer) => answer === 'INVALID_CREDENTIALS')).toHaveLength(ATTEMPTS_PER_WINDOW);
  expect(answers.filter((answer) => answer === 'TRY_AGAIN_LATER')).toHaveLength(2 * ATTEMPTS_PER_WINDOW);
});

test('an address nobody has is slowed, too, so that waiting does not tell who has an account', async () => {
  const answers = await times(ATTEMPTS_PER_WINDOW + 1, () => attempt('nobody.at.all@example.com', WRONG));
  expect(answers.filter((answer) => answer === 'TRY_AGAIN_LATER')).toHaveLength(1);
});

test('one account that is slowed does not slow another', async () => {
  const [attacked, other] = [await createUser(context), await createUser(context)];
  await times(ATTEMPTS_PER_WINDOW, () => attempt(attacked.email, WRONG));
  expect(await attempt(attacked.email, PASSWORD)).toBe('TRY_AGAIN_LATER');
  expect(await attempt(other.email, PASSWORD)).toBe('in');
});

test('logging in forgets the failures before it', async () => {
  const { email } = await createUser(context);
  for (let round = 0; round < 2; round++) {
    await times(ATTEMPTS_PER_WINDOW - 1, () => attempt(email, WRONG));
    expect(await attempt(email, PASSWORD)).toBe('in');
  }
});

test('changing the password ends every other session and leaves one that works', async () => {
  const { email, id } = await createUser(context);
  const before = [
    await logIn(context, { email, password: PASSWORD }),
    await logIn(context, { email, password: PASSWORD }),
  ];
  const after = await changePassword(as(id), { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
  for (const { refreshToken } of before) {
    await expect(refreshSession(context, { refreshToken })).rejects.toMatchObject({
      code: 'INVALID_REFRESH_TOKEN',
    });
  }
  expect((await refreshSession(context, { refreshToken: after.refreshToken })).user.id).toBe(id);
  expect(await attempt(email, PASSWORD)).toBe('INVALID_CREDENTIALS');
  expect(await attempt(email, NEW_PASSWORD)).toBe('in');
});

test('changing the password of one user leaves the sessions of others alone', async () => {
  const [one, other] = [await createUser(context), await createUser(context)];
  const { refreshToken } = await logIn(context, { email: other.email, password: PASSWORD });
  await changePassword(as(one.id), { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
  expect((await refreshSession(context, { refreshToken })).user.id).toBe(other.id);
});

test('a stolen access token is no way to guess the password: attempts count together with those of logging in', async () => {
  const { email, id } = await createUser(context);
  const guess = () => changePassword(as(id), { currentPassword: WRONG, newPassword: NEW_PASSWORD });
  await expect(guess()).rejects.toMatchObject({
    code: 'INVALID_CREDENTIALS',
    field: ['input', 'currentPassword'],
  });
  await times(ATTEMPTS_PER_WINDOW - 1, () => attempt(email, WRONG));
  await expect(guess()).rejects.toMatchObject({ code: 'TRY_AGAIN_LATER' });
});

test('a log-in under way while the password changes does not outlive the change', async () => {
  const { email, id } = await createUser(context);
  const { passwords } = context;
  const slow: CommandContext = {
    ...context,
    passwords: {
      hash: passwords.hash,
      async verify(password, hash) {
        const holds = await passwords.verify(password, hash);
        await changePassword(as(id), { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
        return holds;
      },
    },
  };
  await expect(logIn(slow, { email, password: PASSWORD })).rejects.toMatchObject({
    code: 'INVALID_CREDENTIALS',
  });
});

test('two changes of the password at once: one holds, the other is refused', async () => {
  const { email, id } = await createUser(context);
  const passwords = ['first horse battery staple', 'second horse battery staple'];
  const changes = await Promise.allSettled(
    passwords.map((newPassword) => changePassword(as(id), { currentPassword: PASSWORD, newPassword })),
  );
  const winners = passwords.filter((_, change) => changes[change]?.status === 'fulfilled');
  expect(winners).toHaveLength(1);
  for (const password of passwords) {
    expect(await attempt(email, password)).toBe(winners.includes(password) ? 'in' : 'INVALID_CREDENTIALS');
  }
});

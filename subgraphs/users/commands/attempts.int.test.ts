import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import type { CommandContext } from '../context.ts';
import {
  ATTEMPT_WINDOW_MS,
  ATTEMPTS_PER_WINDOW,
  NETWORK_FAILURES,
  NETWORK_REGISTRATIONS,
  NETWORK_TAKEN,
  ORIGINS_PER_USER,
} from '../domain/password-attempts.ts';
import type { UserRow } from '../db/tables.ts';
import type { Passwords } from '../credentials/passwords/passwords.ts';
import { createCommandContext, createTestClock, createUser, PASSWORD } from '../testing.ts';
import { changePassword } from './change-password.ts';
import { logIn } from './log-in.ts';
import { refreshSession } from './refresh-session.ts';
import { registerUser } from './register-user.ts';

const WRONG = 'wrong horse battery staple';
const HOME = '192.0.2.7';
const STRANGER = '198.51.100.9';
const ELSEWHERE = '203.0.113.5';

const clock = createTestClock();
let database: TestDatabase;
let context: CommandContext;
let quick: CommandContext;

beforeAll(async () => {
  database = await cloneDatabase('users');
  context = await createCommandContext(database, clock);
  // What is counted is told apart from what a hash costs: only these tests try hundreds.
  const passwords: Passwords = {
    async hash(text, _lane, first) {
      await first?.();
      return `not hashed ${text}`;
    },
    async verify(text, stored, _lane, first) {
      await first?.();
      return stored === `not hashed ${text}`;
    },
  };
  quick = { ...context, passwords };
});
beforeEach(() => clock.advance(2 * 3_600_000));
afterAll(() => database[Symbol.asyncDispose]());

const from = (clientAddress: string | undefined, of = quick): CommandContext => ({ ...of, clientAddress });

async function attempt(
  of: CommandContext,
  email: string,
  password: string,
  refreshToken?: string,
): Promise<string> {
  return logIn(of, { email, password, refreshToken }).then(
    () => 'in',
    ({ code }: { code: string }) => code,
  );
}

async function times(count: number, run: (n: number) => Promise<string>): Promise<string[]> {
  const answers: string[] = [];
  for (let n = 0; n < count; n++) answers.push(await run(n));
  return answers;
}

/** Ada, who has logged in from home. */
async function ada(): Promise<UserRow & { refreshToken: string }> {
  const user = await createUser(quick);
  const { refreshToken } = await logIn(from(HOME), { email: user.email, password: PASSWORD });
  return { ...user, refreshToken };
}

test('ten wrong log-ins by a stranger do not lock the owner out where the account was logged in to before', async () => {
  const { email } = await ada();
  await times(ATTEMPTS_PER_WINDOW, () => attempt(from(STRANGER), email, WRONG));
  expect(await attempt(from(STRANGER), email, PASSWORD)).toBe('TRY_AGAIN_LATER');
  expect(await attempt(from(ELSEWHERE), email, PASSWORD)).toBe('TRY_AGAIN_LATER');
  expect(await attempt(from(HOME), email, PASSWORD)).toBe('in');
});

test('a device that shows a refresh token of the account, even of an ended session, is known wherever it is', async () => {
  const { email, refreshToken } = await ada();
  const next = await refreshSession(quick, { refreshToken });
  await times(ATTEMPTS_PER_WINDOW, () => attempt(from(STRANGER), email, WRONG));
  expect(await attempt(from(ELSEWHERE), email, PASSWORD, 'of nobody')).toBe('TRY_AGAIN_LATER');
  expect(await attempt(from(ELSEWHERE), email, PASSWORD, next.refreshToken)).toBe('in');
  expect(await attempt(from(undefined), email, PASSWORD, refreshToken)).toBe('in');
});

test('a refresh token of another account makes nobody known', async () => {
  const [{ email }, { refreshToken }] = [await ada(), await ada()];
  await times(ATTEMPTS_PER_WINDOW, () => attempt(from(STRANGER), email, WRONG));
  expect(await attempt(from(STRANGER), email, PASSWORD, refreshToken)).toBe('TRY_AGAIN_LATER');
});

test('who is known has attempts in plenty and not without end, and using them up holds up nobody else', async () => {
  const { email, refreshToken } = await ada();
  const guesses = await times(ATTEMPTS_PER_WINDOW + 1, () => attempt(from(HOME), email, WRONG));
  expect(guesses.filter((answer) => answer === 'TRY_AGAIN_LATER')).toHaveLength(1);
  const byDevice = await times(ATTEMPTS_PER_WINDOW + 1, () =>
    attempt(from(HOME), email, WRONG, refreshToken),
  );
  expect(byDevice.filter((answer) => answer === 'TRY_AGAIN_LATER')).toHaveLength(1);
  expect(await attempt(from(ELSEWHERE), email, PASSWORD)).toBe('in');
});

test('an owner who logs in gives a stranger no new attempts', async () => {
  const { email } = await ada();
  await times(ATTEMPTS_PER_WINDOW, () => attempt(from(STRANGER), email, WRONG));
  expect(await attempt(from(HOME), email, PASSWORD)).toBe('in');
  expect(await attempt(from(STRANGER), email, PASSWORD)).toBe('TRY_AGAIN_LATER');
});

test('where somebody registers they are known', async () => {
  const email = `${uuidv7()}@example.com`;
  await registerUser(from(HOME), { email, password: PASSWORD, name: 'Ada' });
  await times(ATTEMPTS_PER_WINDOW, () => attempt(from(STRANGER), email, WRONG));
  expect(await attempt(from(HOME), email, PASSWORD)).toBe('in');
});

test('an account remembers a bounded number of places, and none in the clear', async () => {
  const { id, email } = await createUser(quick);
  for (let n = 1; n <= ORIGINS_PER_USER + 2; n++) {
    clock.advance(1_000);
    await logIn(from(`192.0.2.${n}`), { email, password: PASSWORD });
  }
  const rows =
    await database.sql`select encode(origin, 'hex') as origin from known_origins where user_id = ${id}`;
  expect(rows).toHaveLength(ORIGINS_PER_USER);
  await times(ATTEMPTS_PER_WINDOW, () => attempt(from(STRANGER), email, WRONG));
  expect(await attempt(from('192.0.2.1'), email, PASSWORD)).toBe('TRY_AGAIN_LATER'); // the oldest is forgotten
  expect(await attempt(from(`192.0.2.${ORIGINS_PER_USER + 2}`), email, PASSWORD)).toBe('in');
});

test('one network that guesses at many accounts is stopped, and says when to come again; log-ins that succeed do not count', async () => {
  const host = (n: number) => `2001:db8:1:2::${(n + 1).toString(16)}`;
  const guess = (n: number) => attempt(from(host(n)), `${uuidv7()}@example.com`, WRONG);
  const others = await Promise.all(Array.from({ length: 5 }, () => createUser(quick)));
  await times(NETWORK_FAILURES.perWindow - 2, guess);
  expect(await times(5, (n) => attempt(from(host(n)), others[n]?.email ?? '', PASSWORD))).toEqual(
    Array.from({ length: 5 }, () => 'in'),
  );
  expect(await times(3, guess)).toEqual(['INVALID_CREDENTIALS', 'INVALID_CREDENTIALS', 'TRY_AGAIN_LATER']);
  const { email } = await createUser(quick);
  await expect(logIn(from(host(9_999)), { email, password: PASSWORD })).rejects.toMatchObject({
    code: 'TRY_AGAIN_LATER',
    message: expect.stringContaining('Try again in'),
    retryAfter: ATTEMPT_WINDOW_MS / 1_000,
  });
  expect(await attempt(from('2001:db8:1:3::1'), email, PASSWORD)).toBe('in');
  // Who was here before does not pay for what others in the network do.
  expect(await attempt(from(host(0)), others[0]?.email ?? '', PASSWORD)).toBe('in');
});

test('whether an e-mail address has an account is told a network a few times, and then not before it has waited', async () => {
  const { email } = await createUser(quick);
  const register = (n: number, who: string) =>
    registerUser(from(STRANGER), { email: who, password: PASSWORD, name: `Eve ${n}` }).then(
      () => 'in',
      ({ code }: { code: string }) => code,
    );
  const asked = await times(NETWORK_TAKEN.perWindow + 1, (n) => register(n, email.toUpperCase()));
  expect(asked).toEqual([
    ...Array.from({ length: NETWORK_TAKEN.perWindow }, () => 'EMAIL_TAKEN'),
    'TRY_AGAIN_LATER',
  ]);
  expect(await register(0, `${uuidv7()}@example.com`)).toBe('TRY_AGAIN_LATER'); // alike for one that is free
  clock.advance(NETWORK_TAKEN.windowMs);
  expect(await register(0, email)).toBe('EMAIL_TAKEN');
});

test('registrations of one network are bounded', async () => {
  const register = () =>
    registerUser(from(ELSEWHERE), { email: `${uuidv7()}@example.com`, password: PASSWORD, name: 'Ada' }).then(
      () => 'in',
      ({ code }: { code: string }) => code,
    );
  const answers = await times(NETWORK_REGISTRATIONS.perWindow + 1, register);
  expect(answers.filter((answer) => answer === 'in')).toHaveLength(NETWORK_REGISTRATIONS.perWindow);
  expect(answers.at(-1)).toBe('TRY_AGAIN_LATER');
});

test('a new password that is easy to guess is refused by its field and costs no attempt', async () => {
  const { id: userId, email } = await createUser(context);
  const expiresAt = new Date('2100-01-01');
  const owner: CommandContext = {
    ...context,
    actor: { kind: 'user', userId, roles: ['CUSTOMER'], expiresAt },
  };
  for (let n = 0; n <= ATTEMPTS_PER_WINDOW; n++)
    await expect(
      changePassword(owner, { currentPassword: PASSWORD, newPassword: 'password1234' }),
    ).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: ['input', 'newPassword'],
    });
  await expect(
    registerUser(context, { email: `b${email}`, password: `b${email}`, name: 'Eve' }),
  ).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    field: ['input', 'password'],
    message: expect.stringContaining('easy to guess'),
  });
});

import { decodeJwt } from 'jose';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Role, UserActor } from '#platform/auth/actor.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import type { CommandContext } from '../context.ts';
import { hasEnded } from '../credentials/tokens/has-ended.ts';
import { SESSIONS_PER_USER } from '../domain/limits.ts';
import { createCommandContext, createTestClock, createUser, PASSWORD } from '../testing.ts';
import { changePassword } from './change-password.ts';
import { disableAccount, enableAccount } from './disable-account.ts';
import { logIn } from './log-in.ts';
import { refreshSession } from './refresh-session.ts';

const clock = createTestClock();
let database: TestDatabase;
let context: CommandContext;

beforeAll(async () => {
  database = await cloneDatabase('users');
  context = await createCommandContext(database, clock);
});
afterAll(() => database[Symbol.asyncDispose]());

const as = (userId: string, role: Role): CommandContext => ({
  ...context,
  actor: { kind: 'user', userId, roles: [role], expiresAt: new Date('2100-01-01') },
});
const staff = () => as(uuidv7(), 'STAFF');

test('a disabled account neither logs in nor refreshes nor changes its password, and its sessions have ended', async () => {
  const { id: userId, email } = await createUser(context);
  const { refreshToken, accessToken } = await logIn(context, { email, password: PASSWORD });
  const { sid } = decodeJwt(accessToken);
  const waitedFor: (readonly string[])[] = [];
  const waiting = { ...staff(), untilHeard: async (ids: readonly string[]) => void waitedFor.push(ids) };
  await disableAccount(waiting, { userId });
  expect(waitedFor).toEqual([[sid]]);
  await disableAccount(staff(), { userId }); // twice is no error
  await expect(logIn(context, { email, password: PASSWORD })).rejects.toMatchObject({
    code: 'INVALID_CREDENTIALS',
  });
  await expect(refreshSession(context, { refreshToken })).rejects.toMatchObject({
    code: 'INVALID_REFRESH_TOKEN',
  });
  const passwords = { currentPassword: PASSWORD, newPassword: 'another horse battery staple' };
  await expect(changePassword(as(userId, 'CUSTOMER'), passwords)).rejects.toMatchObject({
    code: 'INVALID_CREDENTIALS',
  });
  const actor = { ...as(userId, 'CUSTOMER').actor, sessionId: String(sid) } as UserActor;
  expect(await hasEnded(context.db, actor)).toBe(true);
  expect(await endReasons(userId)).toEqual(['ACCOUNT_DISABLED']);
  expect(await told(userId)).toBe(1);
});

test('an account that is enabled again logs in; the sessions that it had stay ended', async () => {
  const { id: userId, email } = await createUser(context);
  const { refreshToken } = await logIn(context, { email, password: PASSWORD });
  await disableAccount(staff(), { userId });
  await enableAccount(staff(), { userId });
  await expect(refreshSession(context, { refreshToken })).rejects.toMatchObject({
    code: 'INVALID_REFRESH_TOKEN',
  });
  expect((await logIn(context, { email, password: PASSWORD })).user.id).toBe(userId);
});

test('log-ins that race with the disabling leave no session that goes on', async () => {
  const { id: userId, email } = await createUser(context);
  const logIns = Array.from({ length: 6 }, () =>
    logIn(context, { email, password: PASSWORD }).catch(() => null),
  );
  await Promise.race(logIns);
  await Promise.all([disableAccount(staff(), { userId }), ...logIns]);
  const [{ going } = {}] = await database.sql`
    select count(*)::integer as going from sessions where user_id = ${userId} and ended_at is null`;
  expect(going).toBe(0);
});

test('customers disable nobody, and there is nobody by another id', async () => {
  const { id: userId } = await createUser(context);
  await expect(disableAccount(as(userId, 'CUSTOMER'), { userId })).rejects.toMatchObject({
    extensions: { code: 'FORBIDDEN' },
  });
  for (const unknown of [uuidv7(), 'none', '\0'])
    await expect(disableAccount(staff(), { userId: unknown })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('an account has a bounded number of sessions: the oldest makes room, and is told of', async () => {
  const { id: userId, email } = await createUser(context);
  const first = await logIn(context, { email, password: PASSWORD });
  await database.sql`
    insert into sessions (id, user_id, created_at, expires_at)
    select gen_random_uuid(), ${userId}, ${clock.now().toISOString()}::timestamptz + n * interval '1 second', ${clock.now().toISOString()}::timestamptz + interval '30 days'
    from generate_series(1, ${SESSIONS_PER_USER - 1}) n`;
  clock.advance(3_600_000);
  const last = await logIn(context, { email, password: PASSWORD });
  await expect(refreshSession(context, { refreshToken: first.refreshToken })).rejects.toMatchObject({
    code: 'INVALID_REFRESH_TOKEN',
  });
  expect((await refreshSession(context, { refreshToken: last.refreshToken })).user.id).toBe(userId);
  expect(await endReasons(userId)).toEqual(['TOO_MANY_SESSIONS']);
  expect(await told(userId)).toBe(1);
});

async function endReasons(userId: string): Promise<unknown[]> {
  const rows =
    await database.sql`select ended_because from sessions where user_id = ${userId} and ended_at is not null`;
  return rows.map((row) => row['ended_because']);
}

/** How often the other services are told of an end. */
async function told(userId: string): Promise<number> {
  const rows = await database.sql`
    select from messaging.outbox where type = 'session.ended' and payload ->> 'userId' = ${userId}`;
  return rows.length;
}

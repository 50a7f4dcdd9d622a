import { expect, test } from 'vitest';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { logIn } from '../commands/log-in.ts';
import { refreshSession } from '../commands/refresh-session.ts';
import { passwordAttempts, refreshTokens, sessions } from './tables.ts';
import { ATTEMPT_WINDOW_MS } from '../domain/password-attempts.ts';
import { REFRESH_TOKEN_LIFE_MS } from '../domain/session.ts';
import { deleteExpired } from './delete-expired.ts';
import { createCommandContext, createTestClock, createUser, PASSWORD } from '../testing.ts';

test('what has expired is deleted, and what still works is not', async () => {
  await using database = await cloneDatabase('users');
  const clock = createTestClock();
  const context = await createCommandContext(database, clock);
  const { db } = context;
  const { email } = await createUser(context);
  const counts = async () => ({
    sessions: await db.$count(sessions),
    tokens: await db.$count(refreshTokens),
    attempts: await db.$count(passwordAttempts),
  });
  const tidy = async () => {
    await deleteExpired(db, clock.now());
    return counts();
  };

  const kept = await logIn(context, { email, password: PASSWORD });
  await logIn(context, { email, password: PASSWORD });
  await logIn(context, { email: 'nobody@example.com', password: PASSWORD }).catch(() => {});
  expect(await tidy()).toEqual({ sessions: 2, tokens: 2, attempts: 2 }); // of that account, and of the network

  clock.advance(ATTEMPT_WINDOW_MS);
  const refreshed = await refreshSession(context, kept);
  expect(await tidy()).toEqual({ sessions: 2, tokens: 3, attempts: 0 });

  clock.advance(REFRESH_TOKEN_LIFE_MS - ATTEMPT_WINDOW_MS);
  expect(await tidy()).toEqual({ sessions: 1, tokens: 1, attempts: 0 });
  await refreshSession(context, refreshed);

  clock.advance(REFRESH_TOKEN_LIFE_MS);
  expect(await tidy()).toEqual({ sessions: 0, tokens: 0, attempts: 0 });
});

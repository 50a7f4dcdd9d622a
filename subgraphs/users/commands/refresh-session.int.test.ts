import fc from 'fast-check';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import type { CommandContext } from '../context.ts';
import { hashOfToken } from '../credentials/tokens/refresh-tokens.ts';
import { startSession } from '../credentials/tokens/session.ts';
import { refreshTokens, type UserRow } from '../db/tables.ts';
import { USED_TOKENS_PER_SESSION } from '../domain/limits.ts';
import { REFRESH_TOKEN_LIFE_MS, REPEAT_WINDOW_MS } from '../domain/session.ts';
import { createCommandContext, createTestClock, createUser } from '../testing.ts';
import { logOut } from './log-out.ts';
import { refreshSession } from './refresh-session.ts';

const RUNS = 15;

const clock = createTestClock();
let database: TestDatabase;
let context: CommandContext;
let user: UserRow;

beforeAll(async () => {
  database = await cloneDatabase('users');
  context = await createCommandContext(database, clock);
  user = await createUser(context);
});
afterAll(() => database[Symbol.asyncDispose]());

async function newFamily(): Promise<string> {
  return (await context.db.transaction((tx) => startSession(context, tx, user))).refreshToken;
}

/** The next token, or null where this one is refused. */
async function refresh(refreshToken: string): Promise<string | null> {
  try {
    return (await refreshSession(context, { refreshToken })).refreshToken;
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_REFRESH_TOKEN', field: ['input', 'refreshToken'] });
    return null;
  }
}

/** How many tokens work, by what the database holds, in the session of each of these tokens. */
async function liveTokensBeside(refreshTokens: readonly string[]): Promise<number[]> {
  const { rows } = await context.db.execute<{ live: number }>(sql`
    select count(t.hash)::int as live
    from unnest(array[${sql.join(
      refreshTokens.map((token) => sql`${token}`),
      sql`, `,
    )}]) with ordinality as shown (token, place)
      join refresh_tokens mine on mine.hash = sha256(convert_to(shown.token, 'UTF8'))
      left join sessions s on s.id = mine.session_id and s.ended_at is null
      left join refresh_tokens t on t.session_id = s.id and t.used_at is null and t.expires_at > ${clock.now().toISOString()}
    group by place
    order by place`);
  return rows.map(({ live }) => live);
}

test('each refresh token is good for one trade, and the session goes on for 30 days from the last', async () => {
  let token = await newFamily();
  for (let trades = 0; trades < 3; trades++) {
    clock.advance(REFRESH_TOKEN_LIFE_MS - 1);
    const next = await refresh(token);
    expect(next).not.toBe(token);
    token = next ?? '';
  }
  clock.advance(REFRESH_TOKEN_LIFE_MS);
  expect(await refresh(token)).toBeNull();
});

test('a double click: both answers carry the same working token, and nobody is logged out', async () => {
  const first = await newFamily();
  const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(first)));
  expect(new Set(answers).size).toBe(1);
  clock.advance(REPEAT_WINDOW_MS - 1);
  expect(await refresh(first)).toBe(answers[0]);
  expect(await refresh(answers[0] ?? '')).not.toBeNull();
});

test('a thief and the owner with one token: the second to use it ends the session for both', async () => {
  const stolen = await newFamily();
  const thiefs = await refresh(stolen);
  clock.advance(REPEAT_WINDOW_MS);
  expect(await refresh(stolen)).toBeNull();
  expect(await refresh(thiefs ?? '')).toBeNull();
});

test('a token used again ends its own session and no other', async () => {
  const [mine, other] = [await newFamily(), await newFamily()];
  await refresh(mine);
  clock.advance(REPEAT_WINDOW_MS);
  await refresh(mine);
  expect(await refresh(other)).not.toBeNull();
});

test('logging out with any token of the session ends it; doing so again, or with nonsense, is no error', async () => {
  const first = await newFamily();
  const second = (await refresh(first)) ?? '';
  await logOut(context, { refreshToken: first });
  await logOut(context, { refreshToken: first });
  await logOut(context, { refreshToken: 'nonsense' });
  expect(await refresh(second)).toBeNull();
});

test('a session that is refreshed without end keeps a bounded number of used tokens', async () => {
  const first = await newFamily();
  const { rows } = await context.db.execute<{ id: string }>(
    sql`select session_id as id from refresh_tokens where hash = ${hashOfToken(first)}`,
  );
  const sessionId = rows[0]?.id ?? '';
  const before = clock.now().toISOString();
  await context.db.execute(sql`
    insert into refresh_tokens (hash, session_id, created_at, expires_at, used_at)
    select sha256(convert_to(${sessionId} || n, 'UTF8')), ${sessionId}::uuid, ${before}::timestamptz - n * interval '1 minute',
      ${before}::timestamptz + interval '30 days', ${before}::timestamptz - n * interval '1 minute'
    from generate_series(1, ${USED_TOKENS_PER_SESSION + 20}) n`);
  const second = await refresh(first);
  expect(await context.db.$count(refreshTokens, eq(refreshTokens.sessionId, sessionId))).toBe(
    USED_TOKENS_PER_SESSION + 1,
  );
  expect(await refresh(second ?? '')).not.toBeNull();
});

test('what is no token of ours is refused and changes nothing', async () => {
  const token = await newFamily();
  for (const text of ['', 'nonsense', `${token}=`, token.toLowerCase()])
    expect(await refresh(text)).toBeNull();
  await expect(refreshSession(context, { refreshToken: '\u0000' })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    field: ['input', 'refreshToken'],
  });
  expect(await refresh(token)).not.toBeNull();
});

test('the database holds no token, and nothing that opens one without its predecessor', async () => {
  const first = await newFamily();
  const second = (await refresh(first)) ?? '';
  const { rows } = await context.db.execute(sql`select row_to_json(t)::text as row from refresh_tokens t`);
  const dump = JSON.stringify(rows);
  for (const token of [first, second]) {
    expect(dump).not.toContain(token);
    expect(dump).not.toContain(Buffer.from(token).toString('hex'));
    expect(dump).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
  }
});

type Step =
  | { readonly kind: 'log in' }
  | { readonly kind: 'refresh' | 'log out'; readonly family: number; readonly age: number }
  | { readonly kind: 'wait'; readonly ms: number };

const somewhere = { family: fc.nat(2), age: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3)) };
const waits = [1, REPEAT_WINDOW_MS / 2, REPEAT_WINDOW_MS, REFRESH_TOKEN_LIFE_MS / 2, REFRESH_TOKEN_LIFE_MS];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('log in' as const) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('refresh' as const), ...somewhere }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('log out' as const), ...somewhere }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(...waits) }) },
);

/** One session as its client would wish it: the tokens it got, oldest first, and when it got the latest. */
interface ModelFamily {
  readonly tokens: string[];
  latestAt: number;
  ended: boolean;
}

/** What refreshing by the token `index` has to answer: a new token, the latest again, or nothing. */
function expectedAnswer(family: ModelFamily, index: number): 'new' | 'latest again' | 'refused' {
  const age = clock.now().getTime() - family.latestAt;
  const latest = family.tokens.length - 1;
  if (family.ended) return 'refused';
  if (index === latest) return age < REFRESH_TOKEN_LIFE_MS ? 'new' : 'refused';
  if (index === latest - 1 && age < REPEAT_WINDOW_MS) return 'latest again';
  family.ended = true;
  return 'refused';
}

test('whatever is refreshed, used again or logged out, in any order: one working token a session at most', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 4, maxLength: 16, size: 'max' }),
    async (steps) => {
      const start = async (): Promise<ModelFamily> => {
        return { tokens: [await newFamily()], latestAt: clock.now().getTime(), ended: false };
      };
      const families = [await start()];
      for (const step of steps) {
        if (step.kind === 'wait') clock.advance(step.ms);
        else if (step.kind === 'log in') families.push(await start());
        else {
          const family = families[step.family % families.length]!;
          const index = Math.max(0, family.tokens.length - 1 - step.age);
          const shown = family.tokens[index]!;
          if (step.kind === 'log out') {
            await logOut(context, { refreshToken: shown });
            family.ended = true;
          } else {
            const expected = expectedAnswer(family, index);
            const answer = await refresh(shown);
            if (expected === 'refused') expect(answer).toBeNull();
            else if (expected === 'latest again') expect(answer).toBe(family.tokens.at(-1));
            else {
              expect(family.tokens).not.toContain(answer);
              family.tokens.push(answer ?? '');
              family.latestAt = clock.now().getTime();
            }
          }
        }
        const works = ({ latestAt, ended }: ModelFamily) =>
          !ended && clock.now().getTime() - latestAt < REFRESH_TOKEN_LIFE_MS;
        const expected = families.map((family) => (works(family) ? 1 : 0));
        expect(await liveTokensBeside(families.map(({ tokens }) => tokens[0]!))).toEqual(expected);
      }
    },
  );
  await fc.assert(property, { numRuns: RUNS });
});

test('whatever is refreshed or logged out at the same time: one working token at most, and none once one was reused', async () => {
  const wave = fc.array(
    fc.record({
      kind: fc.constantFrom('refresh', 'refresh', 'refresh', 'refresh', 'log out'),
      age: fc.nat(2),
    }),
    { minLength: 2, maxLength: 6 },
  );
  const property = fc.asyncProperty(fc.array(wave, { minLength: 1, maxLength: 4 }), async (waves) => {
    const tokens = [await newFamily()];
    let mayWork = true;
    for (const calls of waves) {
      clock.advance(REPEAT_WINDOW_MS);
      const latest = tokens.length - 1;
      const answers = await Promise.all(
        calls.map(async ({ kind, age }) => {
          const index = Math.max(0, latest - age);
          if (kind === 'refresh') return { index, next: await refresh(tokens[index]!) };
          await logOut(context, { refreshToken: tokens[index]! });
          return { index, next: null };
        }),
      );
      // In this wave every token but the latest is one used again, too late to count as a repetition.
      const isQuiet = calls.every(({ kind }, call) => kind === 'refresh' && answers[call]!.index === latest);
      mayWork &&= isQuiet;
      const got = new Set(answers.map(({ next }) => next).filter((next) => next !== null));
      expect(got.size).toBeLessThanOrEqual(1);
      if (mayWork) expect(answers.every(({ next }) => next !== null)).toBe(true);
      tokens.push(...got);
      expect(await liveTokensBeside([tokens[0]!])).toEqual([mayWork ? 1 : 0]);
    }
  });
  await fc.assert(property, { numRuns: RUNS });
});

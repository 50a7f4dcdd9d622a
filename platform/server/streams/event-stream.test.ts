import { buildSchema, type ExecutionResult, parse } from 'graphql';
import { expect, test } from 'vitest';
import type { Actor } from '#platform/auth/actor.ts';
import type { HasEnded } from '#platform/server/ended-sessions.ts';
import { subscribeWithCursor } from './event-stream.ts';
import type { RequestContext } from '#platform/server/request-context.ts';

const schema = buildSchema(
  'type Query { a: Int } type Subscription { changed: Change! } type Change { thing: Thing! } type Thing { name: String! }',
);
const context: RequestContext = { actor: { kind: 'anonymous' }, requestId: 'r', resumeAfter: null };

const ADA: Actor = {
  kind: 'user',
  userId: 'ada',
  roles: ['CUSTOMER'],
  sessionId: 'a-session',
  expiresAt: new Date('2100-01-01'),
};

/** One event, whose `thing` is read by `readThing`, on a stream that begins once `begin` has. */
async function follow(
  readThing: () => Promise<object>,
  begin: () => Promise<unknown> = () => Promise.resolve(),
  hasEnded?: HasEnded,
): Promise<AsyncIterator<ExecutionResult>> {
  async function* oneEvent() {
    yield { cursor: 1, changed: { thing: readThing } };
  }
  const stream = await subscribeWithCursor(
    {
      schema,
      document: parse('subscription { changed { thing { name } } }'),
      contextValue: context,
      rootValue: {
        changed: async () => {
          await begin();
          return oneEvent();
        },
      },
    },
    () => (hasEnded === undefined ? context : { ...context, actor: ADA }),
    hasEnded,
  );
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream));
  return stream[Symbol.asyncIterator]();
}

const away = () => Promise.reject(Object.assign(new Error('database away'), { code: 'ECONNREFUSED' }));

test('an event whose data cannot be read while the database is away comes late, and not empty', async () => {
  let reads = 0;
  const stream = await follow(() => ((reads += 1) < 3 ? away() : Promise.resolve({ name: 'mug' })));
  expect((await stream.next()).value).toEqual({
    data: { changed: { thing: { name: 'mug' } } },
    extensions: { cursor: '1' },
  });
  expect(reads).toBe(3);
});

test('a stream that cannot be begun while the database is away begins later', async () => {
  let attempts = 0;
  const stream = await follow(
    () => Promise.resolve({ name: 'mug' }),
    () => ((attempts += 1) < 3 ? away() : Promise.resolve()),
  );
  expect((await stream.next()).value).toMatchObject({ extensions: { cursor: '1' } });
  expect(attempts).toBe(3);
});

test('an event that fails for any other reason is passed on with its errors', async () => {
  const stream = await follow(() => Promise.reject(new Error('a defect')));
  expect((await stream.next()).value).toMatchObject({ errors: [{ message: 'a defect' }] });
});

test('who leaves while an event cannot be read is not kept waiting for it', async () => {
  const stream = await follow(away);
  const next = stream.next();
  await stream.return?.();
  expect(await next).toEqual({ done: true, value: undefined });
});

test('a stream whose session has ended tells nothing more and says why', async () => {
  let ended = false;
  const stream = await follow(
    () => Promise.resolve({ name: 'cup' }),
    () => Promise.resolve(),
    async ({ sessionId }) => sessionId === 'a-session' && ended,
  );
  ended = true;
  expect((await stream.next()).value?.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  expect((await stream.next()).done).toBe(true);
});

test('a session that has ended begins no stream', async () => {
  const begun = follow(
    () => Promise.resolve({ name: 'cup' }),
    () => Promise.resolve(),
    async () => true,
  );
  await expect(begun).rejects.toThrow('This session has ended');
});

test('whether a session has ended is asked again while the database is away', async () => {
  let asked = 0;
  const stream = await follow(
    () => Promise.resolve({ name: 'cup' }),
    () => Promise.resolve(),
    async () => (++asked === 2 ? away() : false),
  );
  expect((await stream.next()).value).toMatchObject({ data: { changed: { thing: { name: 'cup' } } } });
  expect(asked).toBe(3);
});

import { generateKeyPairSync } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { ANONYMOUS } from '#platform/auth/actor.ts';
import { createPostgresBus } from '#platform/messaging/postgres-bus.ts';
import type { Database } from '#platform/postgres/database.ts';
import { CLIENT_ADDRESS_HEADER, GATEWAY_SECRET_HEADER } from '#platform/server/request-context.ts';
import { silentLogger as logger } from '#platform/process/logger.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import type { CommandContext } from './context.ts';
import { createAccessTokens, type SigningKey } from './credentials/tokens/access-tokens.ts';
import { createOriginHash } from './credentials/attempts/origin-hash.ts';
import { createPasswords } from './credentials/passwords/passwords.ts';
import type { UserRow } from './db/tables.ts';
import { insertUser } from './db/user.queries.ts';
import { createUsersSubgraph } from './subgraph.ts';

const GATEWAY_SECRET = 'the secret of a test gateway';

export const PASSWORD = 'correct horse battery staple';

/** A clock that stands still until it is told to move on. */
export interface TestClock {
  now(): Date;
  advance(ms: number): void;
}

export function createTestClock(start = new Date('2026-01-01T00:00:00Z')): TestClock {
  let time = start.getTime();
  return {
    now: () => new Date(time),
    advance(ms) {
      time += ms;
    },
  };
}

export function newSigningKey(): SigningKey {
  return { keyId: 'test-key', privateKey: generateKeyPairSync('ed25519').privateKey };
}

/** What a command works with, on this database and clock, for somebody who is not logged in. */
export async function createCommandContext({ db }: Database, { now }: TestClock): Promise<CommandContext> {
  const signingKey = newSigningKey();
  return {
    actor: ANONYMOUS,
    db,
    passwords: await createPasswords(),
    accessTokens: createAccessTokens(signingKey),
    hashOrigin: createOriginHash(signingKey.privateKey),
    untilHeard: async () => {},
    logger,
    now,
  };
}

/** A customer with {@link PASSWORD}, of an e-mail address nobody else has. */
export async function createUser({ db, passwords, now }: CommandContext): Promise<UserRow> {
  const id = uuidv7();
  const passwordHash = await passwords.hash(PASSWORD);
  const row = {
    id,
    email: `${id}@example.com`,
    name: 'Ada',
    passwordHash,
    roles: ['CUSTOMER' as const],
    createdAt: now(),
  };
  const user = await insertUser(db, row);
  if (user === null) throw new Error('not created');
  return user;
}

export interface GraphQLAnswer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says what shape it expects by reading it
  readonly data?: any;
  readonly errors?: readonly { message: string; extensions: { code: string } }[];
}

export interface TestUsersService extends AsyncDisposable {
  readonly url: string;
  readonly database: TestDatabase;
  /** Asks as the gateway does. `accessToken` is that of a session, `address` where the client is. */
  ask(
    query: string,
    variables?: object,
    accessToken?: string | null,
    address?: string,
  ): Promise<GraphQLAnswer>;
}

/** The whole service on a free port, on a database of its own. */
export async function startUsersService(): Promise<TestUsersService> {
  await using starting = new AsyncDisposableStack();
  const database = starting.use(await cloneDatabase('users'));
  const bus = starting.use(createPostgresBus({ database: starting.use(await cloneDatabase('bus')), logger }));
  const options = {
    database,
    bus,
    signingKey: newSigningKey(),
    gatewaySecret: GATEWAY_SECRET,
    logger,
  };
  const subgraph = starting.use(await createUsersSubgraph(options));
  const port = await subgraph.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${port}`;
  const running = starting.move();
  return {
    url,
    database,
    async ask(query, variables = {}, accessToken = null, address) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          [GATEWAY_SECRET_HEADER]: GATEWAY_SECRET,
          ...(accessToken !== null && { authorization: `Bearer ${accessToken}` }),
          ...(address !== undefined && { [CLIENT_ADDRESS_HEADER]: address }),
        },
        body: JSON.stringify({ query, variables }),
      });
      return { status: response.status, ...((await response.json()) as Omit<GraphQLAnswer, 'status'>) };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

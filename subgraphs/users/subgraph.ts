import type { Bus } from '#platform/messaging/bus.ts';
import { startOutboxRelay } from '#platform/messaging/outbox.ts';
import type { Database } from '#platform/postgres/database.ts';
import { refuseUnfit } from '#platform/postgres/migrate.ts';
import { createWakeableLoop } from '#platform/loop/wakeable-loop.ts';
import { createSubgraphServer, type SubgraphServer } from '#platform/server/subgraph-server.ts';
import type { Logger } from '#platform/process/logger.ts';
import { createContext, type Services } from './context.ts';
import { createAccessTokens, type SigningKey } from './credentials/tokens/access-tokens.ts';
import { hasEnded } from './credentials/tokens/has-ended.ts';
import { createOriginHash } from './credentials/attempts/origin-hash.ts';
import { createPasswords } from './credentials/passwords/passwords.ts';
import { createUntilHeard } from './credentials/tokens/until-heard.ts';
import { deleteExpired } from './db/delete-expired.ts';
import { USERS_MIGRATIONS } from './db/migrations.ts';
import { resolvers } from './resolvers/index.ts';

export interface UsersSubgraphOptions {
  /** Migrated. Stays the caller's, as does the bus. */
  readonly database: Database;
  readonly bus: Bus;
  readonly signingKey: SigningKey;
  readonly gatewaySecret: string;
  readonly logger: Logger;
}

export const JWKS_PATH = '/.well-known/jwks.json';
/** They ask for a password or a refresh token, and for nothing that an access token says. */
const OPEN_MUTATIONS = ['registerUser', 'logIn', 'refreshSession', 'logOut'];
/** Attempts from many networks are many rows, each of use for minutes. */
const TIDY_EVERY_MS = 5 * 60_000;
/** How long others may keep the public keys before they ask again. */
const JWKS_MAX_AGE_S = 300;

/** Disposing closes all that was opened here, once the requests under way are answered. */
export async function createUsersSubgraph(options: UsersSubgraphOptions): Promise<SubgraphServer> {
  const { logger, gatewaySecret, database } = options;
  await using starting = new AsyncDisposableStack();
  await refuseUnfit(database, USERS_MIGRATIONS);
  const accessTokens = createAccessTokens(options.signingKey);
  const services: Services = {
    db: database.db,
    passwords: await createPasswords(),
    accessTokens,
    hashOrigin: createOriginHash(options.signingKey.privateKey),
    untilHeard: createUntilHeard({ db: database.db, bus: options.bus, logger }),
    logger,
    now: () => new Date(),
  };
  starting.use(startTidying(services));
  starting.use(await startOutboxRelay({ database, bus: options.bus, logger }));

  const server = starting.use(
    await createSubgraphServer({
      name: 'users',
      schemaFile: new URL('../../schema/users.graphql', import.meta.url),
      resolvers,
      createContext: (request) => createContext(services, request),
      verifyToken: accessTokens.verify,
      hasEnded: (actor) => hasEnded(database.db, actor),
      openMutations: OPEN_MUTATIONS,
      gatewaySecret,
      logger,
      checkHealth: () => database.check(),
      checkBus: () => options.bus.check(),
      routes(app) {
        app.get(JWKS_PATH, async (_, reply) => {
          reply.header('cache-control', `public, max-age=${JWKS_MAX_AGE_S}`);
          return reply.type('application/jwk-set+json').send(JSON.stringify(accessTokens.jwks));
        });
      },
    }),
  );

  const running = starting.move();
  return { listen: (at) => server.listen(at), [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function startTidying({ db, now, logger }: Services): AsyncDisposable {
  return createWakeableLoop({
    pollMs: TIDY_EVERY_MS,
    run: () => deleteExpired(db, now()),
    onError: (error) => logger.warn({ error }, 'deleting what has expired failed; it is tried again'),
  });
}

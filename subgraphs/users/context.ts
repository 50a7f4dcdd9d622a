import type { Database } from '#platform/postgres/database.ts';
import type { RequestContext } from '#platform/server/request-context.ts';
import type { Logger } from '#platform/process/logger.ts';
import type { AccessTokens } from './credentials/tokens/access-tokens.ts';
import type { HashOrigin } from './credentials/attempts/origin-hash.ts';
import type { Passwords } from './credentials/passwords/passwords.ts';
import type { UntilHeard } from './credentials/tokens/until-heard.ts';
import { PASSWORDS_PER_REQUEST } from './domain/password-attempts.ts';
import { createLoaders, type Loaders } from './loaders/loaders.ts';

/** What lives as long as the process does. */
export interface Services {
  readonly db: Database['db'];
  readonly passwords: Passwords;
  readonly accessTokens: AccessTokens;
  readonly hashOrigin: HashOrigin;
  readonly untilHeard: UntilHeard;
  readonly logger: Logger;
  now(): Date;
}

/** What a command works with. */
export type CommandContext = Services & Pick<RequestContext, 'actor' | 'clientAddress'>;

export interface Context extends RequestContext, Services {
  readonly loaders: Loaders;
  /** How many passwords this request may still have worked on. */
  readonly passwordsLeft: { count: number };
}

export function createContext(services: Services, request: RequestContext): Context {
  return {
    ...request,
    ...services,
    loaders: createLoaders(services.db, request.actor),
    passwordsLeft: { count: PASSWORDS_PER_REQUEST },
  };
}

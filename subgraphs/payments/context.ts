import type { Database } from '#platform/postgres/database.ts';
import type { RequestContext } from '#platform/server/request-context.ts';
import { createLoaders, type Loaders } from './loaders/loaders.ts';

/** What lives as long as the process does. */
export interface Services {
  readonly database: Database;
}

/** What resolvers and commands of one request work with. */
export interface Context extends RequestContext, Services {
  readonly loaders: Loaders;
}

export function createContext(services: Services, request: RequestContext): Context {
  return { ...request, ...services, loaders: createLoaders(services.database.db, request.actor) };
}

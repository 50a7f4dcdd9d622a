import type { Database } from '#platform/postgres/database.ts';
import type { RequestContext } from '#platform/server/request-context.ts';
import { createLoaders, type Loaders } from './loaders/loaders.ts';

/** What resolvers and commands of one request work with. */
export interface Context extends RequestContext {
  readonly database: Database;
  readonly loaders: Loaders;
}

export function createContext(database: Database, request: RequestContext): Context {
  return { ...request, database, loaders: createLoaders(database.db, request.actor) };
}

import type { Database } from '#platform/postgres/database.ts';
import type { RequestContext } from '#platform/server/request-context.ts';
import { createLoaders, type Loaders } from './loaders/loaders.ts';

export interface Context extends RequestContext {
  readonly database: Database;
  readonly loaders: Loaders;
}

export function createContext(request: RequestContext, { database }: { database: Database }): Context {
  const { actor, requestId, resumeAfter } = request;
  return { actor, requestId, resumeAfter, database, loaders: createLoaders(database.db) };
}

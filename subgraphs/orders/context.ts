import type { Database } from '#platform/postgres/database.ts';
import type { RequestContext } from '#platform/server/request-context.ts';
import { createLoaders, type Loaders } from './loaders/loaders.ts';
import type { OrderNotifier } from './streams/order-notifier.ts';

export interface Context extends RequestContext {
  readonly database: Database;
  readonly notifier: OrderNotifier;
  readonly loaders: Loaders;
}

export function createContext(
  request: RequestContext,
  { database, notifier }: { database: Database; notifier: OrderNotifier },
): Context {
  const { actor, requestId, resumeAfter } = request;
  return { actor, requestId, resumeAfter, database, notifier, loaders: createLoaders(database.db, actor) };
}

import { defaultFieldResolver, type GraphQLError, type GraphQLSchema } from 'graphql';
import type { Actor, UserActor } from '#platform/auth/actor.ts';
import { unauthenticated } from './errors/graphql-errors.ts';
import type { RequestContext } from './request-context.ts';

/** Whether the session of this actor's access token has ended before the token did. One look-up by a key. */
export type HasEnded = (actor: UserActor) => Promise<boolean>;

/** Why this actor's token is not good any more although it once was. Null where it is. */
export async function endOf(actor: Actor, hasEnded: HasEnded): Promise<GraphQLError | null> {
  if (actor.kind !== 'user') return null;
  if (actor.expiresAt.getTime() <= Date.now())
    return unauthenticated('The access token has expired: refresh the session.');
  return (await hasEnded(actor)) ? unauthenticated('This session has ended: log in again.') : null;
}

/**
 * Has each mutation look whether the session goes on: a document may log out with its first and order with its second.
 * @param open mutations that do not act as the user, and so do not mind.
 */
export function guardMutations(schema: GraphQLSchema, hasEnded: HasEnded, open: readonly string[]): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    if (open.includes(field.name)) continue;
    const { resolve = defaultFieldResolver } = field;
    field.resolve = async (source, args, context: RequestContext, info): Promise<unknown> => {
      const end = await endOf(context.actor, hasEnded);
      if (end !== null) throw end;
      return resolve(source, args, context, info);
    };
  }
}

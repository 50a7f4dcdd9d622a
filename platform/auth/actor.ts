import { forbidden, unauthenticated } from '#platform/server/errors/graphql-errors.ts';

export type Role = 'CUSTOMER' | 'STAFF' | 'ADMIN';

/** Who makes a request, as the verified access token says. */
export type Actor =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user';
      readonly userId: string;
      readonly roles: readonly Role[];
      /** The log-in that the token comes from. Tokens of a version before this claim have none. */
      readonly sessionId?: string;
      readonly expiresAt: Date;
    };

export type UserActor = Extract<Actor, { kind: 'user' }>;

export const ANONYMOUS: Actor = { kind: 'anonymous' };

export function isStaff(actor: Actor): boolean {
  return actor.kind === 'user' && (actor.roles.includes('STAFF') || actor.roles.includes('ADMIN'));
}

/** True for the user themself and for staff: the rule behind every "foreign ids answer as not found". */
export function mayReadOf(actor: Actor, ownerId: string): boolean {
  return isStaff(actor) || (actor.kind === 'user' && actor.userId === ownerId);
}

/** Throws UNAUTHENTICATED for the anonymous. */
export function requireUser(actor: Actor): UserActor {
  if (actor.kind !== 'user') throw unauthenticated();
  return actor;
}

/** Throws UNAUTHENTICATED for the anonymous, FORBIDDEN for customers. */
export function requireStaff(actor: Actor): UserActor {
  const user = requireUser(actor);
  if (!isStaff(user)) throw forbidden('This needs the role STAFF.');
  return user;
}

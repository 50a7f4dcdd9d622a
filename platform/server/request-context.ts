import type { BaseContext } from '@apollo/server';
import type { Actor } from '#platform/auth/actor.ts';

export const GATEWAY_SECRET_HEADER = 'x-gateway-secret';
export const REQUEST_ID_HEADER = 'x-request-id';
/** The gateway's word for where its client is; it lets no client say so itself. */
export const CLIENT_ADDRESS_HEADER = 'x-client-address';

/** What every resolver's context has; a subgraph adds its loaders and commands' dependencies. */
export interface RequestContext extends BaseContext {
  readonly actor: Actor;
  readonly requestId: string;
  /** The client's IP address, as the gateway tells it; undefined where nobody does. */
  readonly clientAddress?: string | undefined;
  /** Of a subscription: the cursor of the last event the client has, to go on behind it. */
  readonly resumeAfter: string | null;
}

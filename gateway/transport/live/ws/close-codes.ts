/** Why the gateway closes a WebSocket, by name. 44xx as graphql-transport-ws has them, 1xxx as RFC 6455 and its registry. */
export const CLOSE = {
  /** The client said `connection_terminate`. */
  normal: { code: 1000, reason: 'Normal closure' },
  /** The gateway stops or is replaced: come back. */
  restart: { code: 1012, reason: 'Service restart' },
  /** The client reads more slowly than events come, or the gateway is full: come back, with the last cursor. */
  tooSlow: { code: 1013, reason: 'Too slow: resume with the last cursor' },
  full: { code: 1013, reason: 'Too many connections' },
  /** Our fault; of this connection alone. */
  internalError: { code: 4500, reason: 'Internal server error' },
  invalidMessage: { code: 4400, reason: 'Invalid message' },
  /** The reason says which header of `connection_init` it is. */
  unfitHeader: { code: 4400, reason: 'Unfit header' },
  unauthorized: { code: 4401, reason: 'Unauthorized' },
  tokenExpired: { code: 4403, reason: 'Token expired' },
  /** None more from there for now: come back later, or from elsewhere. Of the range for applications, and no protocol's. */
  fullForAddress: { code: 4430, reason: 'Too many connections from this address' },
  noSubprotocol: { code: 4406, reason: 'Subprotocol not acceptable' },
  initTimeout: { code: 4408, reason: 'Connection initialisation timeout' },
  duplicateSubscriber: { code: 4409, reason: 'Subscriber already exists' },
  tooManyInits: { code: 4429, reason: 'Too many initialisation requests' },
} as const;

export type CloseName = keyof typeof CLOSE;

/** The names under which closes are counted that the gateway did not choose. */
export const CLOSED_BY_CLIENT = 'client';
export const CLOSED_BY_SILENCE = 'half-open';

/** The library closes with 1009, 1007 and 1002 by itself; by its error codes it is known for what. */
export function closedByLibrary(errorCode: string): string {
  if (errorCode === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'message too large';
  if (errorCode === 'WS_ERR_INVALID_UTF8') return 'invalid UTF-8';
  return errorCode.startsWith('WS_ERR_') ? 'protocol error' : CLOSED_BY_CLIENT;
}

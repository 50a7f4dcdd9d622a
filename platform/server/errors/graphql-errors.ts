import { GraphQLError } from 'graphql';

/** No token, or one that does not hold. */
export const unauthenticated = (
  message = 'Log in first: this needs an access token in the Authorization header.',
) => new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } });

/** A good token whose roles do not allow this. */
export const forbidden = (message: string) =>
  new GraphQLError(message, { extensions: { code: 'FORBIDDEN' } });

/** Something that we need is away. Worth the same try again, after so many seconds. */
export const serviceUnavailable = (message: string, retryAfter = 1) =>
  new GraphQLError(message, {
    extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true, retryAfter, http: { status: 200 } },
  });

/** An argument outside what its description allows. `argument` names it. */
export const badArgument = (argument: string, message: string) =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', argument } });

/** For subscriptions, which have no null to answer with. Also where the thing is somebody else's. */
export const notFound = (message: string) => new GraphQLError(message, { extensions: { code: 'NOT_FOUND' } });

/** The place to resume from is gone, or never was: list anew and subscribe without a cursor. */
export const cursorExpired = () =>
  new GraphQLError(
    'This cursor cannot be honoured: read the current state anew, then subscribe without it.',
    { extensions: { code: 'CURSOR_EXPIRED' } },
  );

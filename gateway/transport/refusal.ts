import { GraphQLError } from 'graphql';

/** By the code in `extensions`. */
export type RefusalCode =
  | 'BAD_REQUEST'
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_ACCEPTABLE'
  | 'OVERLOADED'
  | 'PAYLOAD_TOO_LARGE'
  | 'PERSISTED_QUERY_NOT_FOUND'
  | 'TOO_MANY_CONNECTIONS'
  | 'UNSUPPORTED_MEDIA_TYPE';

/**
 * A request that is refused before its operation is looked at, with a message for the client. Over HTTP it has a status
 * and maybe headers; fastify reads `statusCode` as the status of the answer.
 */
export class RequestRefusal extends GraphQLError {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    statusCode: number,
    code: RefusalCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message, { extensions: { code } });
    this.name = 'RequestRefusal';
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

/** It is no request in the form of GraphQL over HTTP, whatever it asks for. */
export function malformed(message: string): RequestRefusal {
  return new RequestRefusal(400, 'BAD_REQUEST', message);
}

/** An answer in GraphQL's form that has one error and nothing else. */
export function errorBody(code: string, message: string, requestId?: string): string {
  return JSON.stringify({ errors: [{ message, extensions: { code, requestId } }] });
}

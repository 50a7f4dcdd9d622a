import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type ExecutionResult, print } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { LogInDocument } from '#tests/documents/documents.generated.ts';

/** An answer with errors, or without data. */
export class AnswerError extends Error {
  /** The errors' `extensions.code`. */
  readonly codes: readonly string[];

  constructor(
    errors: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[],
  ) {
    super(`The answer has errors: ${JSON.stringify(errors)}`);
    this.name = 'AnswerError';
    this.codes = errors.map(({ extensions }) =>
      typeof extensions?.['code'] === 'string' ? extensions['code'] : 'UNKNOWN',
    );
  }
}

/** One person at the public endpoint. */
export interface ApiClient extends AsyncDisposable {
  /** Becomes that person from here on. Returns the Authorization header's value. Throws with the refusal's message. */
  logIn(credentials: { email: string; password: string }): Promise<string>;
  /** Rejects unless the answer is data without errors. */
  ask<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data>;
  /** A subscription over graphql-transport-ws. Rejects when the connection is lost: resume with the last version. */
  follow<Data, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): AsyncIterableIterator<ExecutionResult<Data>>;
}

/** Speaks to a gateway as a front end does. @param url such as `http://127.0.0.1:4000/graphql` */
export function createApiClient(url: string): ApiClient {
  let authorization: string | undefined;
  let socket: Client | undefined;

  async function ask<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
      body: JSON.stringify({ query: print(document), variables }),
    });
    const { data, errors } = (await response.json()) as ExecutionResult<Data>;
    if (errors !== undefined || data == null) throw new AnswerError(errors ?? []);
    return data;
  }

  return {
    ask,
    async logIn(credentials) {
      const { logIn } = await ask(LogInDocument, { input: credentials });
      if (logIn.session == null) throw new Error(logIn.userErrors.map((error) => error.message).join(' '));
      authorization = `Bearer ${logIn.session.accessToken}`;
      return authorization;
    },
    follow<Data, Variables extends Record<string, unknown>>(
      document: TypedDocumentNode<Data, Variables>,
      variables: Variables,
    ) {
      socket ??= createClient({
        url: url.replace(/^http/, 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: () => ({ authorization }),
      });
      return socket.iterate({ query: print(document), variables }) as AsyncIterableIterator<
        ExecutionResult<Data>
      >;
    },
    async [Symbol.asyncDispose]() {
      await socket?.dispose();
    },
  };
}

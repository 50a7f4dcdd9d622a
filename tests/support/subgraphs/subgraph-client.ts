import { type Client, createClient } from 'graphql-ws';
import type { ExecutionResult } from 'graphql';
import { WebSocket } from 'ws';
import { GATEWAY_SECRET_HEADER } from '#platform/server/request-context.ts';

/** The secret that tests give to subgraphs and show to them. */
export const TEST_GATEWAY_SECRET = 'a-secret-of-the-tests';

export interface SubgraphClient extends AsyncDisposable {
  /** Asks as the gateway would. Rejects unless the answer is data without errors. */
  ask<Data>(query: string, variables?: Record<string, unknown>, authorization?: string): Promise<Data>;
  /** The same, whatever the answer is. */
  answer(
    query: string,
    variables?: Record<string, unknown>,
    authorization?: string,
  ): Promise<ExecutionResult>;
  /** Follows a subscription as the gateway would, over graphql-transport-ws. */
  follow(
    query: string,
    variables: Record<string, unknown>,
    authorization: string,
    cursor?: string,
  ): AsyncIterableIterator<ExecutionResult>;
}

/** Speaks to one subgraph on loopback the way the gateway does. */
export function createSubgraphClient(port: number, secret = TEST_GATEWAY_SECRET): SubgraphClient {
  const sockets: Client[] = [];

  async function answer(
    query: string,
    variables: Record<string, unknown> = {},
    authorization?: string,
  ): Promise<ExecutionResult> {
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [GATEWAY_SECRET_HEADER]: secret,
        ...(authorization !== undefined && { authorization }),
      },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as ExecutionResult;
  }

  return {
    answer,
    async ask<Data>(query: string, variables?: Record<string, unknown>, authorization?: string) {
      const { data, errors } = await answer(query, variables, authorization);
      if (errors !== undefined)
        throw new AggregateError(
          errors.map((error) => new Error(error.message)),
          JSON.stringify(errors),
        );
      return data as Data;
    },
    follow(query, variables, authorization, cursor) {
      const socket = createClient({
        url: `ws://127.0.0.1:${port}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { [GATEWAY_SECRET_HEADER]: secret },
      });
      sockets.push(socket);
      const extensions = { headers: { authorization }, ...(cursor !== undefined && { cursor }) };
      return socket.iterate({ query, variables, extensions }) as AsyncIterableIterator<ExecutionResult>;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) await socket.dispose();
    },
  };
}

/** The first `count` values. */
export async function take<Value>(values: AsyncIterableIterator<Value>, count: number): Promise<Value[]> {
  const taken: Value[] = [];
  while (taken.length < count) {
    const { done, value } = await values.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

/** What a stream that is refused is refused with, as text. */
export async function refusalOf(stream: AsyncIterableIterator<unknown>): Promise<string> {
  try {
    return JSON.stringify(await stream.next());
  } catch (refusal) {
    return JSON.stringify(refusal);
  }
}

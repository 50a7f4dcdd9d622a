// Families of supergraphs by the subjects of the public federation audit, in a museum of our own: what each must answer.
import { expect, it } from 'vitest';
import { createInProcessGateway, type SubgraphSource } from '../in-process-gateway.ts';

/** What a resolver is given: an object of its type, or a reference to one. */
export type Given = Readonly<Record<string, unknown>>;

export interface Family {
  readonly promise: string;
  readonly subgraphs: Readonly<Record<string, SubgraphSource>>;
  readonly asks: readonly Ask[];
}

export interface Ask {
  readonly query: string;
  readonly variables?: Given;
  readonly data: unknown;
  /** Codes of the errors that are expected beside it. */
  readonly errors?: readonly string[];
  /** How many requests go to subgraphs for it. */
  readonly sent?: number;
}

export function holds(families: readonly Family[]): void {
  it.each(families)('$promise', async ({ subgraphs, asks }) => {
    const gateway = createInProcessGateway(subgraphs);
    for (const { query, variables, data, errors = [], sent } of asks) {
      gateway.calls.length = 0;
      const answer = await gateway.ask(query, variables);
      const codes = (answer.errors ?? []).map(({ extensions, message }) => extensions?.['code'] ?? message);
      expect({ query, data: answer.data ?? null, codes }).toEqual({ query, data, codes: errors });
      if (sent !== undefined) expect({ query, sent: gateway.calls.length }).toEqual({ query, sent });
    }
  });
}

/** A reference resolver that knows what it was told and no more. */
export const told = (reference: Given) => reference;

/** Of what a right plan never asks. */
export const never = (): never => {
  throw new Error('nobody needs this');
};

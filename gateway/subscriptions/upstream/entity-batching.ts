import type { GraphQLFormattedError } from 'graphql';
import { identityOf } from '#gateway/upstream/forwarded-headers.ts';
import type { SubgraphAnswer, SubgraphCall, Upstreams } from '#gateway/upstream/upstream.ts';

/** One caller of a batch: which of the batch's entities are its own, in its order. */
interface Caller {
  readonly indices: readonly number[];
  resolve(answer: SubgraphAnswer): void;
  reject(error: unknown): void;
}

/** Calls of one turn of the event loop that travel as one. */
interface Batch {
  readonly call: SubgraphCall;
  readonly variables: Readonly<Record<string, unknown>>;
  /** By their JSON: what several ask for is asked for once. */
  readonly representations: Map<string, { readonly index: number; readonly value: unknown }>;
  readonly callers: Caller[];
}

/** A batch that has so many is sent as it is; the next call begins another. */
const MAX_REPRESENTATIONS = 500;

/**
 * Entity calls of different streams that become ready in one turn of the event loop travel together: those with the same
 * subgraph, document, identity and variables, the representations apart. Each caller gets its own entities, and the
 * errors below them, under the indices it knows. A batch is not cancelled when one of its callers leaves.
 */
export function createEntityBatching(upstreams: Upstreams): Upstreams {
  const batches = new Map<string, Batch>();

  function batchFor(call: SubgraphCall, variables: Readonly<Record<string, unknown>>): Batch {
    const key = `${call.subgraph}\n${identityOf(call.headers)}\n${JSON.stringify(variables)}\n${call.request.query}`;
    let batch = batches.get(key);
    if (batch === undefined || batch.representations.size >= MAX_REPRESENTATIONS) {
      batch = { call, variables, representations: new Map(), callers: [] };
      batches.set(key, batch);
      const opened = batch;
      setImmediate(() => {
        if (batches.get(key) === opened) batches.delete(key);
        send(opened);
      });
    }
    return batch;
  }

  function send({ call, variables, representations, callers }: Batch): void {
    const [only] = callers;
    const { signal, ...shared } = call;
    const request = {
      ...call.request,
      variables: {
        ...variables,
        representations: Array.from(representations.values(), ({ value }) => value),
      },
    };
    const alone = callers.length === 1 && only !== undefined;
    const whole: SubgraphCall = {
      ...shared,
      request,
      // An event tells of a change: what was read before it would stand with every client until the next event.
      fresh: true,
      ...(alone && signal !== undefined && { signal }),
    };
    upstreams.call(whole).then(
      (answer) => {
        for (const { indices, resolve } of callers)
          resolve(alone && indices.length === representations.size ? answer : pick(answer, indices));
      },
      (error: unknown) => {
        for (const { reject } of callers) reject(error);
      },
    );
  }

  return {
    call(call) {
      const { representations, ...variables } = call.request.variables ?? {};
      if (call.operation !== 'query' || !Array.isArray(representations)) {
        return upstreams.call({ ...call, fresh: true });
      }
      return new Promise((resolve, reject) => {
        const batch = batchFor(call, variables);
        const indices = representations.map((value: unknown) => {
          const key = JSON.stringify(value);
          let known = batch.representations.get(key);
          if (known === undefined) {
            known = { index: batch.representations.size, value };
            batch.representations.set(key, known);
          }
          return known.index;
        });
        batch.callers.push({ indices, resolve, reject });
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The part of a batch's answer that belongs to one caller. An error without an entity in its path concerns everyone. */
function pick(answer: SubgraphAnswer, indices: readonly number[]): SubgraphAnswer {
  const picked = { ...answer };
  const entities = answer.data?.['_entities'];
  if (Array.isArray(entities))
    picked.data = { ...answer.data, _entities: indices.map((index) => entities[index] ?? null) };
  if (answer.errors === undefined) return picked;
  picked.errors = answer.errors.flatMap((error) => errorsOf(error, indices));
  if (picked.errors.length === 0) delete picked.errors;
  return picked;
}

function errorsOf(error: GraphQLFormattedError, indices: readonly number[]): GraphQLFormattedError[] {
  const [root, index, ...rest] = error.path ?? [];
  if (root !== '_entities' || typeof index !== 'number') return [error];
  return indices.flatMap((own, position) =>
    own === index ? [{ ...error, path: [root, position, ...rest] }] : [],
  );
}

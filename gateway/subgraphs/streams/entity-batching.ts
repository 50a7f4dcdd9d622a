import type { GraphQLFormattedError } from 'graphql';
import { identityOf } from '#gateway/subgraphs/forwarded-headers.ts';
import {
  type SubgraphAnswer,
  type SubgraphCall,
  UpstreamError,
  type UpstreamErrorCode,
  type Upstreams,
} from '#gateway/subgraphs/calls/calls.ts';
import { SUBGRAPH_REQUEST_BYTES } from '#schema/sizes.ts';

/** One caller of a batch, and which of the batch's entities are its own, in its order. */
interface Caller {
  readonly representations: readonly unknown[];
  /** The same as JSON. */
  readonly keys: readonly string[];
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
  /** Characters of the representations. */
  length: number;
}

/** A batch that has so many is sent as it is; the next call begins another. */
const MAX_REPRESENTATIONS = 500;
/** The same in characters: a quarter of what one caller alone may send. */
const MAX_LENGTH = SUBGRAPH_REQUEST_BYTES / 4;
/** Failures that tell of the subgraph, not of what was asked. */
const OF_THE_SUBGRAPH = new Set<UpstreamErrorCode>([
  'SUBGRAPH_UNREACHABLE',
  'SUBGRAPH_TIMEOUT',
  'SUBGRAPH_OVERLOADED',
  'SUBGRAPH_CIRCUIT_OPEN',
  'CANCELLED',
]);

/**
 * Entity calls of different streams that become ready in one turn of the event loop travel together: those with the same
 * subgraph, document, identity and variables, the representations apart. Each caller gets its own entities, and the
 * errors below them, under the indices it knows. A batch is not cancelled when one of its callers leaves. One that fails
 * for what somebody on it asked is asked again by halves, until that one is alone with it.
 */
export function createEntityBatching(upstreams: Upstreams): Upstreams {
  const batches = new Map<string, Batch>();

  function batchFor(call: SubgraphCall, variables: Readonly<Record<string, unknown>>): Batch {
    const key = `${call.subgraph}\n${identityOf(call.headers)}\n${JSON.stringify(variables)}\n${call.request.query}`;
    let batch = batches.get(key);
    if (
      batch === undefined ||
      batch.representations.size >= MAX_REPRESENTATIONS ||
      batch.length >= MAX_LENGTH
    ) {
      batch = createBatch(call, variables);
      batches.set(key, batch);
      const opened = batch;
      setImmediate(() => {
        if (batches.get(key) === opened) batches.delete(key);
        send(opened);
      });
    }
    return batch;
  }

  function send(batch: Batch): void {
    const { call, variables, representations, callers } = batch;
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
        if (!alone && !isDivisible(answer, representations.size)) return sendHalves(batch);
        for (const { indices, resolve } of callers)
          resolve(
            alone && indices.length === representations.size
              ? answer
              : pick(answer, indices, representations.size),
          );
      },
      (error: unknown) => {
        const isOurs = !(error instanceof UpstreamError) || OF_THE_SUBGRAPH.has(error.code);
        if (!alone && !isOurs) return sendHalves(batch);
        for (const { reject } of callers) reject(error);
      },
    );
  }

  function sendHalves({ call, variables, callers }: Batch): void {
    const middle = Math.ceil(callers.length / 2);
    for (const some of [callers.slice(0, middle), callers.slice(middle)]) {
      const half = createBatch(call, variables);
      for (const caller of some) add(half, caller);
      send(half);
    }
  }

  return {
    call(call) {
      const { representations, ...variables } = call.request.variables ?? {};
      if (call.operation !== 'query' || !Array.isArray(representations)) {
        return upstreams.call({ ...call, fresh: true });
      }
      return new Promise((resolve, reject) => {
        const keys = representations.map((value: unknown) => JSON.stringify(value));
        add(batchFor(call, variables), { representations, keys, resolve, reject });
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function createBatch(call: SubgraphCall, variables: Readonly<Record<string, unknown>>): Batch {
  return { call, variables, representations: new Map(), callers: [], length: 0 };
}

function add(batch: Batch, caller: Omit<Caller, 'indices'>): void {
  const indices = caller.keys.map((key, position) => {
    let known = batch.representations.get(key);
    if (known === undefined) {
      known = { index: batch.representations.size, value: caller.representations[position] };
      batch.representations.set(key, known);
      batch.length += key.length;
    }
    return known.index;
  });
  batch.callers.push({ ...caller, indices });
}

/** Whether each part of an answer is known to be somebody's: there are all entities, and every error names its own. */
function isDivisible({ data, errors = [] }: SubgraphAnswer, size: number): boolean {
  const entities = data?.['_entities'];
  return (
    Array.isArray(entities) &&
    entities.length === size &&
    errors.every(({ path }) => Array.isArray(path) && path[0] === '_entities' && typeof path[1] === 'number')
  );
}

/** The part of a batch's answer that belongs to one caller. An error without an entity in its path concerns everyone. */
function pick(answer: SubgraphAnswer, indices: readonly number[], size: number): SubgraphAnswer {
  const picked = { ...answer };
  const entities = answer.data?.['_entities'];
  if (Array.isArray(entities)) {
    // Of another number nobody can say whose they are; the caller tells that to the client.
    const own = entities.length === size ? indices.map((index): unknown => entities[index] ?? null) : null;
    picked.data = { ...answer.data, _entities: own };
  }
  if (answer.errors === undefined) return picked;
  picked.errors = answer.errors.flatMap((error) => errorsOf(error, indices, size));
  if (picked.errors.length === 0) delete picked.errors;
  return picked;
}

/** @param size how many entities the batch asked for: an error of another concerns everyone, as one without a path does */
function errorsOf(
  error: GraphQLFormattedError,
  indices: readonly number[],
  size: number,
): GraphQLFormattedError[] {
  const [root, index, ...below] = error.path ?? [];
  if (root !== '_entities' || typeof index !== 'number') return [error];
  if (index >= size) {
    const { path: _nowhere, ...rest } = error;
    return [rest];
  }
  return indices.flatMap((own, position) =>
    own === index ? [{ ...error, path: [root, position, ...below] }] : [],
  );
}

// The first of the four stations of a request: planning → execution → upstream → transport. An operation is parsed,
// validated, planned and compiled once, and found again however it is laid out.
import { serializeQueryPlan } from '@apollo/query-planner';
import { type DocumentNode, type GraphQLSchema, type OperationDefinitionNode, parse, print } from 'graphql';
import { LRUCache } from 'lru-cache';
import { compileOperation } from '#gateway/execution/compile/compile-operation.ts';
import type { CompiledOperation } from '#gateway/execution/compiled-operation.ts';
import { createEntityTypes } from '#gateway/execution/compile/entities/entity-keys.ts';
import type { Supergraph } from '#gateway/supergraph/supergraph.ts';
import { MIB } from '#gateway/variable-types.ts';
import { type Asker, askerAt } from './asker.ts';
import { type Coerced, createCoercion } from './coercion/coercion.ts';
import { isRetryable, OperationError, type RefusedOperation, refusedOf } from './operation-error.ts';
import { countIntrospection } from './introspection-size.ts';
import { hashOf, parseText, selectOperation, shapeOf } from './operation-text.ts';
import { createPlanner, type PlannedOperation, plannedParts, type Planner } from './planner.ts';
import {
  type CachedOperation,
  createOperationCache,
  operationBytes,
  parsedBytes,
  variantBytes,
} from './operation-cache.ts';
import { practiceOperations } from './practice.ts';
import { createCounter } from './limits/selection-counts.ts';
import { validateOperation } from './validation/validation.ts';

/** An operation that is ready to run, any number of times. */
export interface PreparedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly compiled: CompiledOperation;
  /** The query plan in the notation of Apollo's tools. */
  planText(): string;
  /** Checks and completes what a client sent as variables ("CoerceVariableValues"). */
  coerce(rawVariables: Readonly<Record<string, unknown>>): Coerced;
}

/** What may not be planned, however valid. Each throws {@link OperationError}. */
export interface OperationLimits {
  readonly maxTokens: number;
  /** Before it is parsed. */
  checkSource(source: string): void;
  /** Before it is validated: fragments may be missing, or spread in themselves. */
  checkDocument(document: DocumentNode): void;
  /** Before it is planned: the document is valid. */
  checkOperation(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): void;
}

export interface PlanningOptions {
  /** Operations that stay planned, at most. */
  readonly cacheSize?: number;
  /** What they may hold of memory, by an estimate. */
  readonly cacheBytes?: number;
  readonly limits?: OperationLimits;
  /** Without one, operations are planned in this thread, at once. */
  readonly planner?: Planner;
  /** Hears of valid operations that were not planned. */
  readonly onRefused?: (refused: RefusedOperation) => void;
  /** Leave out of refusals what the schema has that resembles what was asked for. */
  readonly hideSuggestions?: boolean;
}

export interface OperationText {
  readonly source: string;
  readonly operationName?: string | undefined;
}

export interface Planning extends Disposable {
  /**
   * What kind of operation it is, without planning it. Throws {@link OperationError}: `GRAPHQL_PARSE_FAILED`,
   * `GRAPHQL_VALIDATION_FAILED`, `OPERATION_RESOLUTION_FAILURE`.
   */
  kindOf(source: string, operationName?: string): PreparedOperation['kind'];
  /**
   * At once when it is prepared already. Throws and rejects as {@link Planning.kindOf} throws.
   *
   * @param address where the client is, in canonical form, or '' where nobody can tell; undefined when the gateway itself asks
   */
  prepare(
    source: string,
    operationName?: string,
    address?: string,
  ): PreparedOperation | Promise<PreparedOperation>;
  /** Operations that are being planned. */
  readonly pending: number;
  /** Estimate of the memory that is held for operations, in bytes. */
  readonly bytes: number;
  /** At most `n` of the operations in the cache, the most used first. */
  hottest(n: number): OperationText[];
  /** Resolves when planning can begin. Rejects when the supergraph cannot be planned with. */
  ready(): Promise<void>;
  /** Prepares operations; those that cannot be prepared here are left out. */
  warmUp(list: readonly OperationText[]): Promise<void>;
  /** Plans and compiles made-up operations for so long, so that clients' first ones find the code warm. Keeps none. */
  practise(ms: number): Promise<void>;
}

/** How many operations stay planned when nothing else is said. */
const CACHE_SIZE = 1000;
const CACHE_BYTES = 64 * MIB;
/** Operations that could not be planned are remembered, and for how long. */
const FAILURES = 1_000;
const FAILURE_KEPT_MS = 30_000;
/** For one operation of practice, however little time is left. */
const LEAST_PRACTICE_MS = 50;

/** An operation that is being planned, and for whom. */
interface Pending {
  readonly entry: Promise<Entry>;
  readonly asker: Asker;
}

/** An operation on its way to its plan. */
interface Asked {
  readonly key: string;
  readonly operationName: string;
  readonly source: string;
  /** Without comments and the like. */
  readonly textLength: number;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

interface Entry extends PreparedOperation, CachedOperation {
  /** A text that it was asked for by. */
  readonly source: string;
  bytes: number;
  uses: number;
}

/**
 * Plans operations for one supergraph. They are found by the text as it was sent, and behind that by the document printed
 * anew, so that white space, commas and comments make no difference.
 */
export function createPlanning(supergraph: Supergraph, options: PlanningOptions = {}): Planning {
  const {
    cacheSize = CACHE_SIZE,
    cacheBytes = CACHE_BYTES,
    limits,
    onRefused,
    hideSuggestions = false,
  } = options;
  const planner: Planner = options.planner ?? createPlanner(supergraph.sdl);
  const cache = createOperationCache<Entry>(cacheSize, cacheBytes);
  /** Being planned, by key. */
  const pending = new Map<string, Pending>();
  /** What could not be planned, by key or by shape: nobody has to wait for the same failure again. */
  const failures = new LRUCache<string, Error>({ max: FAILURES, ttl: FAILURE_KEPT_MS });
  const types = createEntityTypes(supergraph.sdl, supergraph.graphqlSchema);

  /** The last text that is no operation: whoever asks for its kind first asks for it again at once. */
  let refused: { readonly source: string; readonly error: OperationError } | undefined;

  function parseSource(source: string): DocumentNode {
    const known = cache.document(source);
    if (known !== undefined) return known;
    if (refused?.source === source) throw refused.error;
    try {
      limits?.checkSource(source);
      const document = parseText(source, limits?.maxTokens);
      limits?.checkDocument(document);
      const errors = validateOperation(supergraph.apiSchema, document, hideSuggestions);
      if (errors.length > 0) throw new OperationError(errors);
      cache.keepDocument(source, document);
      return document;
    } catch (error) {
      if (error instanceof OperationError) refused = { source, error };
      throw error;
    }
  }

  function create(asked: Asked, planned: PlannedOperation): Entry {
    const { key, operationName, source, textLength, document, operation } = asked;
    const size = {
      selections: createCounter(document)(operation).selections,
      textLength,
      planLength: JSON.stringify(planned.plan).length,
      introspected: countIntrospection(supergraph.apiSchema, document, operation, Infinity),
    };
    const compiled = compileOperation({
      ...plannedParts(planned, document, operation),
      plan: planned.plan,
      clientNames: planned.clientNames,
      variables: planned.variables,
      mutationFields: planned.mutationFields,
      sentName: (name) => planned.sentNames.get(name) ?? name,
      apiSchema: supergraph.apiSchema,
      types,
      onVariant() {
        entry.bytes += variantBytes(size);
        cache.grew(entry);
      },
    });
    const entry: Entry = {
      source,
      key,
      operationName,
      bytes: operationBytes(source, document, size),
      uses: 0,
      document,
      operation,
      kind: operation.operation,
      compiled,
      planText: () => serializeQueryPlan(planned.plan),
      coerce: createCoercion(supergraph.apiSchema, operation, hideSuggestions),
    };
    return entry;
  }

  function find(source: string, operationName: string, address: string | undefined): Entry | Promise<Entry> {
    const document = parseSource(source);
    const operation = selectOperation(document, operationName);
    const text = print(document);
    const key = hashOf(`${operationName}\n${text}`);
    const known = cache.findByKey(key);
    if (known !== undefined) return known;
    const underWay = pending.get(key);
    if (underWay !== undefined) {
      planner.join?.(underWay.asker, address);
      return underWay.entry;
    }
    const failure =
      failures.size === 0 ? undefined : (failures.get(key) ?? failures.get(shapeOf(document, operation)));
    if (failure !== undefined) {
      onRefused?.(refusedOf(failure, key, operation, 0));
      throw failure;
    }
    limits?.checkOperation(supergraph.apiSchema, document, operation);
    const asked = { key, operationName, source, textLength: text.length, document, operation };
    const asker = askerAt(address);
    const planned = planner.plan(document, operation, {
      asker,
      text,
      bytes: parsedBytes(source, document),
    });
    return planned instanceof Promise ? createLater(asked, planned, asker) : create(asked, planned);
  }

  function createLater(asked: Asked, planning: Promise<PlannedOperation>, asker: Asker): Promise<Entry> {
    const { key } = asked;
    const since = performance.now();
    const entry = planning.then(
      (planned) => {
        pending.delete(key);
        return create(asked, planned);
      },
      (error: Error) => {
        pending.delete(key);
        onRefused?.(refusedOf(error, key, asked.operation, performance.now() - since));
        // What took too long once does so under other names, too.
        if (!(error instanceof OperationError)) failures.set(key, error);
        else if (!isRetryable(error)) failures.set(shapeOf(asked.document, asked.operation), error);
        throw error;
      },
    );
    pending.set(key, { entry, asker });
    return entry;
  }

  function use(entry: Entry, source: string): Entry {
    cache.keep(source, entry);
    entry.uses += 1;
    return entry;
  }

  /** Whether an operation is valid here, and the planner knows how to plan it, within the time that is left. */
  async function canPlan(source: string, until: number): Promise<boolean> {
    try {
      const document = parse(source);
      if (validateOperation(supergraph.apiSchema, document).length > 0) return false;
      const operation = selectOperation(document, '');
      const limitMs = Math.max(LEAST_PRACTICE_MS, Math.ceil((until - performance.now()) / 2));
      const { length: textLength } = source;
      const asked = { key: '', operationName: '', source, textLength, document, operation };
      create(asked, await planner.plan(document, operation, { limitMs }));
      return true;
    } catch {
      return false;
    }
  }

  const planning: Planning = {
    kindOf: (source, operationName = '') =>
      cache.find(source, operationName)?.kind ??
      selectOperation(parseSource(source), operationName).operation,
    prepare(source, operationName = '', address) {
      const entry = cache.find(source, operationName);
      if (entry !== undefined) {
        entry.uses += 1;
        return entry;
      }
      const found = find(source, operationName, address);
      return found instanceof Promise ? found.then((later) => use(later, source)) : use(found, source);
    },
    get pending() {
      return pending.size;
    },
    get bytes() {
      return cache.bytes;
    },
    hottest(n) {
      return cache
        .values()
        .sort((a, b) => b.uses - a.uses)
        .slice(0, n)
        .map(({ source, document, operation }) => ({
          source,
          operationName: document.definitions.length > 1 ? operation.name?.value : undefined,
        }));
    },
    async warmUp(list) {
      for (const { source, operationName } of list) {
        try {
          await planning.prepare(source, operationName);
        } catch {
          // What the new schema does not know any more is refused when it is asked for.
        }
      }
    },
    async practise(ms) {
      const until = performance.now() + ms;
      let left = practiceOperations(supergraph.apiSchema);
      while (left.length > 0 && performance.now() < until) {
        const planned: string[] = [];
        for (const source of left) {
          if (performance.now() >= until) break;
          if (await canPlan(source, until)) planned.push(source);
        }
        left = planned;
      }
      // An operation that takes too long has cost a thread.
      await planning.ready();
    },
    async ready() {
      await planner.ready?.();
    },
    [Symbol.dispose]() {
      planner[Symbol.dispose]?.();
    },
  };
  return planning;
}

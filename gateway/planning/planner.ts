// Planning proper: Apollo's planner, with what has to be mended around it (see `mends/`).
import { operationFromDocument, Supergraph as FederatedSupergraph } from '@apollo/federation-internals';
import { type PlanNode, QueryPlanner, type QueryPlan, type QueryPlannerConfig } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
} from 'graphql';
import { askOfEveryField } from './mends/conditional-selections.ts';
import { neededNames, renameClashes } from './mends/client-names.ts';
import { type HoistedLiterals, hoistLiterals } from './mends/exact-literals.ts';
import { interfaceObjectsOf, writeOutFragments } from './mends/interface-object-fragments.ts';
import { withoutIntrospection } from './mends/introspection.ts';
import { standInForArguments } from './mends/required-arguments.ts';
import { putResolvableKeysFirst } from './mends/resolvable-keys.ts';
import { splitMutation } from './mends/serial-mutations.ts';
import type { Asker } from './asker.ts';
import { SUPPORTED_FEATURES } from '#gateway/supergraph/supported-features.ts';

/**
 * Fetches are written without fragments: looking for places to use the client's takes the planner as long as all the
 * rest, and the executor puts fetches together without them anyway.
 */
const PLANNER_CONFIG: QueryPlannerConfig = { reuseQueryFragments: false };

/** A plan, and the operation as it was planned. All of it is data, so that it can come from another thread. */
export interface PlannedOperation {
  readonly plan: QueryPlan;
  /** The operation and its fragments as they were planned, where that is not as they came. */
  readonly document: string | undefined;
  /** From aliases made up for the plan to the client's response names. */
  readonly clientNames: ReadonlyMap<string, string>;
  /** From the client's variables to the names they have in the plan, where they differ. */
  readonly variables: ReadonlyMap<string, string>;
  /** For a mutation: the plan of each root field by its response name. `plan` is the sequence of them. */
  readonly mutationFields: ReadonlyMap<string, PlanNode> | undefined;
  /** The names by which a representation carries fields of the plan's `requires`, where they are others. */
  readonly sentNames: ReadonlyMap<string, string>;
}

/** Where operations are planned in another thread. */
export interface PlanOptions {
  /** How long it may take, instead of the usual time. */
  readonly limitMs?: number | undefined;
  /** The document as it is printed, which takes long for a megabyte. */
  readonly text?: string | undefined;
  /** Estimate of the memory that is held while it waits; its text's length when nothing is said. */
  readonly bytes?: number | undefined;
  /** Without one, the gateway itself asks. */
  readonly asker?: Asker | undefined;
}

/** Plans operations of one supergraph. Whoever is told to plan in another thread promises what it returns. */
export interface Planner {
  /** @param operation of the document, which is valid */
  plan(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    options?: PlanOptions,
  ): PlannedOperation | Promise<PlannedOperation>;
  /** Another client waits for what is planned for the asker. */
  join?(asker: Asker, address: string | undefined): void;
  /** Resolves when the supergraph has been read. Rejects when it cannot be planned with. */
  ready?(): Promise<void>;
  [Symbol.dispose]?(): void;
}

/** @param sdl of a valid supergraph */
export function createPlanner(sdl: string) {
  const original = parse(sdl, { noLocation: true });
  const needed = neededNames(original);
  const interfaceObjects = interfaceObjectsOf(original);
  const ordered = putResolvableKeysFirst(original);
  const standIns = standInForArguments(ordered);
  const document = standIns?.document ?? ordered;
  // Validated as it came. The mends leave `@external` fields behind that nothing needs any more.
  const supergraph = FederatedSupergraph.build(document, {
    supportedFeatures: SUPPORTED_FEATURES,
    validateSupergraph: false,
  });
  const planner = new QueryPlanner(supergraph, PLANNER_CONFIG);
  const schema = planner.supergraph.apiSchema();
  const graphqlSchema = schema.toGraphQLJSSchema();
  const sentNames = standIns?.realNames ?? new Map<string, string>();

  function planOne(
    operation: OperationDefinitionNode,
    fragments: readonly FragmentDefinitionNode[],
    literals: HoistedLiterals | undefined,
  ): QueryPlan {
    const alone: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] };
    const plan = plannable(() =>
      planner.buildQueryPlan(operationFromDocument(schema, alone, { validate: false })),
    );
    if ((standIns === undefined && literals === undefined) || plan.node === undefined) return plan;
    const restore = (node: PlanNode): PlanNode => {
      const restored = standIns?.restore(node) ?? node;
      return literals?.restore(restored) ?? restored;
    };
    if (plan.node.kind !== 'Subscription') return { ...plan, node: restore(plan.node) };
    const { primary, rest } = plan.node;
    const first = literals?.restore(primary) ?? primary;
    if (first.kind !== 'Fetch') throw new Error('a subscription that begins with no fetch');
    return { ...plan, node: { ...plan.node, primary: first, rest: rest && restore(rest) } };
  }

  /** Root field after root field, each complete before the next. */
  function planMutation(
    operation: OperationDefinitionNode,
    fragments: readonly FragmentDefinitionNode[],
    literals: HoistedLiterals | undefined,
  ): ReadonlyMap<string, PlanNode> {
    const whole: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] };
    const plans = new Map<string, PlanNode>();
    // The planner (2.14.4) throws where a query's field, of a type without a possible object, would just have no plan.
    const nodeOf = (part: OperationDefinitionNode) => {
      try {
        return planOne(part, fragments, literals).node;
      } catch (error) {
        if (error instanceof GraphQLError && error.extensions['code'] === NOT_PLANNED) return undefined;
        throw error;
      }
    };
    for (const [name, part] of splitMutation(whole, operation)) {
      const node = nodeOf(part);
      if (node !== undefined && node.kind !== 'Subscription') plans.set(name, node);
    }
    return plans;
  }

  return {
    plan(source: DocumentNode, operation: OperationDefinitionNode): PlannedOperation {
      const definitions = source.definitions.filter(
        (node) => node === operation || node.kind === Kind.FRAGMENT_DEFINITION,
      );
      const asked: DocumentNode = { kind: Kind.DOCUMENT, definitions };
      const renamed = renameClashes(asked, needed);
      const literals = hoistLiterals(renamed.document, graphqlSchema);
      const askable = askOfEveryField(withoutIntrospection(literals?.document ?? renamed.document));
      const { planned, fragments } = partsOf(writeOutFragments(askable, graphqlSchema, interfaceObjects));
      const mutationFields =
        planned.operation === 'mutation' ? planMutation(planned, fragments, literals) : undefined;
      return {
        plan: mutationFields === undefined ? planOne(planned, fragments, literals) : sequence(mutationFields),
        mutationFields,
        document: renamed.document === asked ? undefined : print(renamed.document),
        clientNames: renamed.clientNames,
        variables: renamed.variables,
        sentNames,
      };
    },
  } satisfies Planner;
}

const NOT_PLANNED = 'OPERATION_NOT_PLANNED';

/** @throws {GraphQLError} where the planner knows no way, in words for the client */
function plannable(plan: () => QueryPlan): QueryPlan {
  try {
    return plan();
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('Was not able to ')) throw error;
    const message =
      'No way is known to answer the operation from the subgraphs. Leave out fragments on other types.';
    throw new GraphQLError(message, { originalError: error, extensions: { code: NOT_PLANNED } });
  }
}

/** The operation as it was planned, and its fragments by name. */
export function plannedParts(
  { document }: PlannedOperation,
  source: DocumentNode,
  operation: OperationDefinitionNode,
): { operation: OperationDefinitionNode; fragments: ReadonlyMap<string, FragmentDefinitionNode> } {
  const { planned, fragments } =
    document === undefined
      ? { planned: operation, fragments: fragmentsOf(source) }
      : partsOf(parse(document, { noLocation: true }));
  return {
    operation: planned,
    fragments: new Map(fragments.map((fragment) => [fragment.name.value, fragment])),
  };
}

/** Of a document with one operation. */
function partsOf(document: DocumentNode): {
  planned: OperationDefinitionNode;
  fragments: readonly FragmentDefinitionNode[];
} {
  const planned = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (planned === undefined) throw new Error('a document without its operation');
  return { planned, fragments: fragmentsOf(document) };
}

function fragmentsOf({ definitions }: DocumentNode): readonly FragmentDefinitionNode[] {
  return definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
}

function sequence(plans: ReadonlyMap<string, PlanNode>): QueryPlan {
  const nodes = [...plans.values()];
  return { kind: 'QueryPlan', node: nodes.length === 0 ? undefined : { kind: 'Sequence', nodes } };
}

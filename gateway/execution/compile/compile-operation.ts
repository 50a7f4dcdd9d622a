// From a plan to something that runs. Called once an operation; what it returns is cached by planning.
import type { FetchNode, PlanNode, QueryPlan, SubscriptionNode } from '@apollo/query-planner';
import {
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { type ClientView, createClientView } from './answer/client-view.ts';
import { completeAnswer } from './answer/completion.ts';
import { trimPaths } from './answer/error-paths.ts';
import { createIntrospection } from './answer/introspection.ts';
import { writeProjection } from './answer/projection.ts';
import { tellUnplanned, unplannedFields } from './answer/unplanned-fields.ts';
import { createProgram } from './code.ts';
import type { CompiledOperation, EngineResult, Variables } from '#gateway/execution/compiled-operation.ts';
import { childOf, clientNameTree, failureOf } from '#gateway/execution/run/client-errors.ts';
import { singleRequest } from '#gateway/execution/run/combined-request.ts';
import { runPlan } from '#gateway/execution/run/run.ts';
import type { RunnablePlan } from '#gateway/execution/run/run-state.ts';
import { sendAhead } from '#gateway/execution/run/send-ahead.ts';
import { declareSteps, linkSteps, stepsExpression } from './steps/compile-step.ts';
import type { EntityTypes } from './entities/entity-keys.ts';
import { fetchDocument } from './steps/fetch-document.ts';
import type { Data } from './steps/merging.ts';
import { planSteps } from './steps/plan-steps.ts';
import { readSteps } from './steps/read-steps.ts';
import { outlineTree } from './steps/shape.ts';

export interface OperationToCompile {
  readonly plan: QueryPlan;
  /** As it was planned. */
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** From aliases that planning made up to the client's own response names. */
  readonly clientNames: ReadonlyMap<string, string>;
  /** From the client's variables to the names they have in the plan, where they differ. */
  readonly variables: ReadonlyMap<string, string>;
  /** For a mutation: the plan of each root field by its response name. */
  readonly mutationFields: ReadonlyMap<string, PlanNode> | undefined;
  /** The name by which a representation carries a field of the plan's `requires`. */
  readonly sentName: (field: string) => string;
  /** What clients see. */
  readonly apiSchema: GraphQLSchema;
  readonly types: EntityTypes;
  /** Called whenever the operation has been compiled for one more setting of its conditions, and holds more memory. */
  readonly onVariant?: () => void;
}

/** One operation is compiled for so many settings of its `@skip` and `@include` variables at a time. */
const MAX_VARIANTS = 32;

/** Values of the variables that decide what is skipped and included. */
interface Setting {
  readonly key: string;
  readonly conditions: ReadonlyMap<string, boolean>;
}
const UNCONDITIONAL: Setting = { key: '', conditions: new Map() };

/** @throws {Error} when the plan holds something that this executor does not know */
export function compileOperation(source: OperationToCompile): CompiledOperation {
  const { operation, plan } = source;
  const conditionNames = conditionVariables(source);
  const variants = new LRUCache<string, RunnablePlan>({ max: MAX_VARIANTS });
  let most = 0;

  function settingOf(variables: Variables): Setting {
    if (conditionNames.length === 0) return UNCONDITIONAL;
    const conditions = new Map(conditionNames.map((name) => [name, conditionValue(name, variables)]));
    return { conditions, key: [...conditions.values()].map(Number).join('') };
  }

  function variant({ key, conditions }: Setting): RunnablePlan {
    let runnable = variants.get(key);
    if (runnable === undefined) {
      variants.set(key, (runnable = compileVariant(source, conditions)));
      if (variants.size > most) {
        most = variants.size;
        source.onVariant?.();
      }
    }
    return runnable;
  }

  const root = plan.node;
  if (root?.kind === 'Subscription')
    return subscription(root, (variables) => variant(settingOf(variables)), source);
  const kind = operation.operation === 'mutation' ? 'mutation' : 'query';
  return {
    kind,
    async execute(clientVariables, context) {
      const variables = renamed(clientVariables, source);
      try {
        const setting = settingOf(variables);
        if (kind === 'mutation' || variants.has(setting.key))
          return await runPlan(variant(setting), variables, context);
        const ahead = await sendAhead(root, setting.conditions, variables, context);
        return await runPlan(variant(setting), variables, ahead);
      } catch (error) {
        return refused(error);
      }
    },
  };
}

function subscription(
  node: SubscriptionNode,
  variant: (variables: Variables) => RunnablePlan,
  source: OperationToCompile,
): CompiledOperation {
  return {
    kind: 'subscription',
    subgraph: node.primary.serviceName,
    rootField: rootFieldOf(node.primary),
    request(clientVariables) {
      const variables = renamed(clientVariables, source);
      const [primary] = variant(variables).steps;
      if (primary === undefined) throw new Error('a subscription without its primary fetch');
      const { query, operationName, variables: names } = singleRequest(primary);
      const used = names.filter((name) => variables[name] !== undefined);
      return {
        query,
        operationName,
        variables: Object.fromEntries(used.map((name) => [name, variables[name]])),
      };
    },
    async resolveEvent(answer, clientVariables, context) {
      const variables = renamed(clientVariables, source);
      try {
        return await runPlan(variant(variables), variables, context, answer);
      } catch (error) {
        return refused(error);
      }
    },
  };
}

function renamed(variables: Variables, { variables: names }: OperationToCompile): Variables {
  if (names.size === 0) return variables;
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [names.get(name) ?? name, value]),
  );
}

function rootFieldOf(primary: FetchNode): string {
  const find = ({ selections }: SelectionSetNode): string | undefined => {
    for (const node of selections) {
      if (node.kind === Kind.FIELD && node.name.value !== '__typename') return node.name.value;
      const inner = node.kind === Kind.INLINE_FRAGMENT ? find(node.selectionSet) : undefined;
      if (inner !== undefined) return inner;
    }
    return undefined;
  };
  const field = find(fetchDocument(primary).selectionSet);
  if (field === undefined) throw new Error('a subscription without a root field');
  return field;
}

function compileVariant(source: OperationToCompile, conditions: ReadonlyMap<string, boolean>): RunnablePlan {
  const { operation, fragments, clientNames, apiSchema: schema, types } = source;
  const view = createClientView({ schema, operation, fragments, conditions, clientNames });
  const introspection = createIntrospection(schema, operation, fragments);
  const program = createProgram();
  const naming = { types, sentName: source.sentName };
  const names = clientNameTree(view);
  const isWanted = (place: readonly string[], key: string) => childOf(names, [...place, key]) !== undefined;
  const planned = readSteps(planSteps(rootNode(source, view), conditions), { types, conditions, isWanted });
  const outline = outlineTree(planned);
  const declared = declareSteps(program, naming, planned, outline);
  const projection = writeProjection(program, view, introspection);
  const linked = program.link(`{ steps: ${stepsExpression(declared)}, project: ${projection} }`) as {
    readonly steps: unknown;
    readonly project: (tree: Data) => Record<string, unknown> | undefined;
  };
  const steps = linkSteps(declared, linked.steps);
  const unplanned = unplannedFields(view, outline);
  const unplannedRoots = unplanned.filter(({ place }) => place.length === 0);
  // Where nothing of the operation can be answered there is no data, as with any operation that cannot be run.
  const isUnplanned =
    unplannedRoots.length > 0 &&
    unplannedRoots.length === view.fields(view.root, view.root.type.name).length &&
    !unplannedRoots.some(({ needsValue }) => needsValue);
  return {
    steps,
    bySubgraph: Map.groupBy(
      steps.filter(({ gather }) => gather !== undefined),
      ({ subgraph }) => subgraph,
    ),
    combined: new Map(),
    names,
    finish(tree, errors, variables): EngineResult {
      introspection.variables = variables;
      if (unplanned.length > 0) tellUnplanned(unplanned, tree, errors);
      if (isUnplanned) return { data: null, errors };
      const data = linked.project(tree);
      if (data !== undefined)
        return errors.length === 0 ? { data } : { data, errors: trimPaths(data, errors) };
      const completed = completeAnswer(view, introspection, tree, errors);
      const all = trimPaths(completed.data, [...errors, ...completed.errors]);
      return all.length === 0 ? { data: completed.data } : { data: completed.data, errors: all };
    },
  };
}

/**
 * The plan of a subscription runs as a sequence whose first fetch is answered by each event; that of a mutation in the
 * order of its fields, which conditions may change.
 */
function rootNode(
  { plan: { node }, mutationFields }: OperationToCompile,
  view: ClientView,
): PlanNode | undefined {
  if (mutationFields !== undefined) {
    const fields = view.fields(view.root, view.root.type.name);
    return { kind: 'Sequence', nodes: fields.flatMap(({ key }) => mutationFields.get(key) ?? []) };
  }
  if (node?.kind !== 'Subscription') return node;
  const primary: FetchNode = node.primary;
  return node.rest === undefined ? primary : { kind: 'Sequence', nodes: [primary, node.rest] };
}

function conditionVariables({ operation, fragments }: OperationToCompile): string[] {
  const names = new Set<string>();
  for (const node of [operation, ...fragments.values()]) {
    visit(node, {
      Directive({ name, arguments: args = [] }) {
        if (name.value !== 'skip' && name.value !== 'include') return;
        for (const { value } of args) if (value.kind === 'Variable') names.add(value.name.value);
      },
    });
  }
  return [...names];
}

function conditionValue(name: string, variables: Variables): boolean {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (typeof value === 'boolean') return value;
  throw new GraphQLError(`Argument "if" of non-null type "Boolean!" must not be null.`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

function refused(error: unknown): EngineResult {
  if (error instanceof GraphQLError) return { data: null, errors: [error.toJSON()] };
  return { data: null, errors: [failureOf(error)] };
}

// Planning proper: Apollo's planner, with what has to be mended around it (see `mends/`).
import { operationFromDocument, Supergraph as FederatedSupergraph } from '@apollo/federation-internals';
import { type PlanNode, QueryPlanner, type QueryPlan } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
} from 'graphql';
import { PLANNER_CONFIG, type Supergraph } from '#gateway/supergraph/supergraph.ts';
import { neededNames, renameClashes } from './mends/client-names.ts';
import { type HoistedLiterals, hoistLiterals } from './mends/exact-literals.ts';
import { standInForArguments } from './mends/required-arguments.ts';
import { putResolvableKeysFirst } from './mends/resolvable-keys.ts';
import { splitMutation } from './mends/serial-mutations.ts';
import { SUPPORTED_FEATURES } from '#gateway/supergraph/supported-features.ts';

/** A plan, and the operation as it was planned. */
export interface PlannedOperation {
  readonly plan: QueryPlan;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** From aliases made up for the plan to the client's response names. */
  readonly clientNames: ReadonlyMap<string, string>;
  /** From the client's variables to the names they have in the plan, where they differ. */
  readonly variables: ReadonlyMap<string, string>;
  /** For a mutation: the plan of each root field by its response name. `plan` is the sequence of them. */
  readonly mutationFields: ReadonlyMap<string, PlanNode> | undefined;
  /** The name by which a representation carries a field of the plan's `requires`. */
  readonly sentName: (field: string) => string;
}

export interface Planner {
  plan(document: DocumentNode, operation: OperationDefinitionNode): PlannedOperation;
}

export function createPlanner(supergraph: Supergraph): Planner {
  const original = parse(supergraph.sdl, { noLocation: true });
  const needed = neededNames(original);
  const ordered = putResolvableKeysFirst(original);
  const standIns = standInForArguments(ordered);
  const document = standIns?.document ?? ordered;
  const planner =
    document === original
      ? supergraph.planner
      : // Validated as it came. The mends leave `@external` fields behind that nothing needs any more.
        new QueryPlanner(
          FederatedSupergraph.build(document, {
            supportedFeatures: SUPPORTED_FEATURES,
            validateSupergraph: false,
          }),
          PLANNER_CONFIG,
        );
  const schema = planner.supergraph.apiSchema();

  function planOne(
    operation: OperationDefinitionNode,
    fragments: readonly FragmentDefinitionNode[],
    literals: HoistedLiterals | undefined,
  ): QueryPlan {
    const alone: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] };
    const plan = planner.buildQueryPlan(operationFromDocument(schema, alone, { validate: false }));
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
    for (const [name, part] of splitMutation(whole, operation)) {
      const { node } = planOne(part, fragments, literals);
      if (node !== undefined && node.kind !== 'Subscription') plans.set(name, node);
    }
    return plans;
  }

  return {
    plan(source, operation) {
      const definitions = source.definitions.filter(
        (node) => node === operation || node.kind === Kind.FRAGMENT_DEFINITION,
      );
      const renamed = renameClashes({ kind: Kind.DOCUMENT, definitions }, needed);
      const literals = hoistLiterals(renamed.document, supergraph.apiSchema);
      const { definitions: all } = literals?.document ?? renamed.document;
      const planned = all.find((node) => node.kind === Kind.OPERATION_DEFINITION);
      if (planned === undefined) throw new Error('a document without its operation');
      const fragments = all.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
      const mutationFields =
        planned.operation === 'mutation' ? planMutation(planned, fragments, literals) : undefined;
      return {
        plan: mutationFields === undefined ? planOne(planned, fragments, literals) : sequence(mutationFields),
        mutationFields,
        operation: planned,
        fragments: new Map(fragments.map((fragment) => [fragment.name.value, fragment])),
        clientNames: renamed.clientNames,
        variables: renamed.variables,
        sentName: standIns?.realName ?? ((name) => name),
      };
    },
  };
}

function sequence(plans: ReadonlyMap<string, PlanNode>): QueryPlan {
  const nodes = [...plans.values()];
  return { kind: 'QueryPlan', node: nodes.length === 0 ? undefined : { kind: 'Sequence', nodes } };
}

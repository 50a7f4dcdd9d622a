// Compiling: one fetch of the plan, made ready to run.
import { type SelectionSetNode, type VariableDefinitionNode, visit } from 'graphql';
import type { Program } from '#gateway/execution/compile/code.ts';
import { contextValues } from '#gateway/execution/compile/entities/contexts.ts';
import type { EntityNaming } from '#gateway/execution/compile/entities/entity-keys.ts';
import type { FetchDocument } from './fetch-document.ts';
import { type Data, writeMerge } from './merging.ts';
import type { ReadStep } from './read-steps.ts';
import type { Gathered } from '#gateway/execution/compile/entities/gathered.ts';
import { writeGather } from '#gateway/execution/compile/entities/representations.ts';
import type { Shape, TreeOutline } from './shape.ts';
import { writeWalk } from './walk.ts';

export interface CompiledStep {
  readonly index: number;
  /** The planner's `serviceName`. */
  readonly subgraph: string;
  readonly operation: 'query' | 'mutation' | 'subscription';
  readonly path: readonly string[];
  readonly document: FetchDocument;
  readonly shape: Shape;
  /** The client's variables that the fetch uses, in the planner's order. */
  readonly variables: readonly string[];
  /** The variables that get their values from `@fromContext`, in the order of `choose(context)`. */
  readonly contexts: readonly string[];
  readonly dependencies: readonly number[];
  readonly dependents: readonly number[];
  /** Fetches with the same signature ask the same of their entities: one list of representations serves them all. */
  readonly signature: number;
  /** See {@link EntityTypes.hasBuiltInLeaves}. */
  readonly builtInLeaves: boolean;
  /** For an entity fetch. */
  readonly gather:
    | ((root: Data, choose: (context: readonly unknown[] | undefined) => Gathered) => void)
    | undefined;
  /** The objects at the path, for a fetch from the root of a subgraph that stands further down in a plan. */
  readonly targets: ((root: Data) => object[]) | undefined;
  readonly merge: (target: object, source: object) => void;
}

type Functions = Pick<CompiledStep, 'gather' | 'targets' | 'merge'>;

/** The functions of a step, by their names in the program. */
export interface Declared {
  readonly step: Omit<CompiledStep, keyof Functions>;
  readonly gather: string | undefined;
  readonly targets: string | undefined;
  readonly merge: string;
}

/** Writes the functions of all steps into `program` and returns how to get the steps once it is linked. */
export function declareSteps(
  program: Program,
  naming: EntityNaming,
  steps: readonly ReadStep[],
  outline: TreeOutline,
): Declared[] {
  const { types } = naming;
  const signatures = new Map<string, number>();
  const surroundings = { outline, interfaces: types.interfaces };
  return steps.map(({ index, fetch, path, place, dependencies, document, shape }) => {
    const contexts = contextValues(program, types, fetch.contextRewrites ?? []).map(
      ({ variable }) => variable,
    );
    return {
      step: {
        index,
        subgraph: fetch.serviceName,
        operation: fetch.operationKind,
        path,
        document,
        shape,
        builtInLeaves: types.hasBuiltInLeaves(document),
        variables: (fetch.variableUsages ?? []).filter((name) => !contexts.includes(name)),
        contexts,
        dependencies,
        dependents: steps.filter((other) => other.dependencies.includes(index)).map((other) => other.index),
        signature: numbered(
          signatures,
          JSON.stringify([
            selectionText(document),
            fetch.requires,
            fetch.inputRewrites,
            fetch.contextRewrites,
          ]),
        ),
      },
      gather:
        fetch.requires === undefined
          ? undefined
          : writeGather(program, naming, { fetch, path, place, outline }),
      targets: fetch.requires === undefined && path.length > 0 ? writeTargets(program, path) : undefined,
      merge: writeMerge(program, shape, place, surroundings),
    };
  });
}

/** What is selected, with the variables' defaults where there are some: all but the operation's own name. */
function selectionText({ text }: FetchDocument): string {
  return text.slice(text.indexOf('{'));
}

function numbered(numbers: Map<string, number>, text: string): number {
  let number = numbers.get(text);
  if (number === undefined) numbers.set(text, (number = numbers.size));
  return number;
}

/** Source of an array of the functions of all steps, for {@link linkSteps}. */
export function stepsExpression(declared: readonly Declared[]): string {
  return `[${declared.map(({ gather, targets, merge }) => `{ gather: ${gather ?? 'undefined'}, targets: ${targets ?? 'undefined'}, merge: ${merge} }`).join(', ')}]`;
}

/** @param linked the value of {@link stepsExpression} */
export function linkSteps(declared: readonly Declared[], linked: unknown): CompiledStep[] {
  const functions = linked as readonly Functions[];
  return declared.map(({ step }, index) => {
    const own = functions[index];
    if (own === undefined) throw new Error('a step was not linked');
    return { ...step, ...own };
  });
}

function writeTargets(program: Program, path: readonly string[]): string {
  const walk = writeWalk(path, ({ object }) => `found.push(${object});`);
  return program.declare((name) => `function ${name}(o0) { const found = []; ${walk} return found; }`);
}

/** The node with its variables renamed. */
export function renameVariables<Node extends SelectionSetNode | VariableDefinitionNode>(
  node: Node,
  rename: (name: string) => string,
): Node {
  return visit(node, {
    Variable: (variable) => ({ ...variable, name: { ...variable.name, value: rename(variable.name.value) } }),
  }) as Node;
}

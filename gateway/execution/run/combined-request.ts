// Running: several entity fetches to one subgraph become one request.
import { type CompiledStep, renameVariables } from '#gateway/execution/compile/steps/compile-step.ts';
import { compactPrint, ENTITIES, REPRESENTATIONS } from '#gateway/execution/compile/steps/fetch-document.ts';

/** One entity fetch among those that travel together. */
export interface CombinedPart {
  readonly step: CompiledStep;
  /** The response key of its entities. */
  readonly alias: string;
  /** The name of its list of representations. */
  readonly representations: string;
  /** The names of its `@fromContext` variables, in their order. */
  readonly contexts: readonly string[];
}

export interface CombinedRequest {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly parts: readonly CombinedPart[];
  /** The client's variables that any of the parts uses. */
  readonly variables: readonly string[];
  /** Of all parts. */
  readonly builtInLeaves: boolean;
}

/** The request of one fetch alone: the planner's own text. */
export function singleRequest(step: CompiledStep): CombinedRequest {
  const part = { step, alias: ENTITIES, representations: REPRESENTATIONS, contexts: step.contexts };
  return {
    query: step.document.text,
    operationName: step.document.name,
    parts: [part],
    variables: step.variables,
    builtInLeaves: step.builtInLeaves,
  };
}

/**
 * One document with an aliased `_entities` for each fetch. The client's variables keep their names, since they mean the
 * same in all of them; what belongs to one fetch gets a number.
 */
export function combineRequests(steps: readonly CompiledStep[]): CombinedRequest {
  const clientVariables = new Map<string, string>();
  for (const { document, contexts } of steps) {
    for (const definition of document.variableDefinitions) {
      const name = definition.variable.name.value;
      if (!contexts.includes(name)) clientVariables.set(name, compactPrint(definition));
    }
  }
  const definitions = [...clientVariables.values()];
  const selections: string[] = [];
  const parts = steps.map((step, index) => {
    const own = (name: string) => freeName(`${name}_${index}`, clientVariables);
    const contexts = new Map(step.contexts.map((name) => [name, own(name)]));
    const rename = (name: string) => contexts.get(name) ?? name;
    const representations = own(REPRESENTATIONS);
    definitions.push(`$${representations}:[_Any!]!`);
    for (const definition of step.document.variableDefinitions) {
      if (contexts.has(definition.variable.name.value))
        definitions.push(compactPrint(renameVariables(definition, rename)));
    }
    const alias = `e${index}`;
    const selectionSet = renameVariables(step.document.selectionSet, rename);
    selections.push(`${alias}:${ENTITIES}(representations:$${representations})${compactPrint(selectionSet)}`);
    return { step, alias, representations, contexts: [...contexts.values()] };
  });
  const operationName = combinedName(steps);
  // They are the client's own, so that all fetches have the same; a fetch with none knows no more than the others.
  const directives = new Set(steps.flatMap(({ document }) => document.directives.map(compactPrint)));
  return {
    query: `query ${operationName ?? ''}(${definitions.join(',')})${[...directives].join('')}{${selections.join(' ')}}`,
    operationName,
    parts,
    builtInLeaves: steps.every((step) => step.builtInLeaves),
    variables: [...new Set(steps.flatMap((step) => [...step.variables]))],
  };
}

/** `Deep__inventory__2` and `Deep__inventory__4` travel as `Deep__inventory__2_4`. */
function combinedName(steps: readonly CompiledStep[]): string | undefined {
  const [first, ...others] = steps.map(({ document }) => document.name);
  if (first === undefined) return undefined;
  return [first, ...others.map((name) => name?.slice(name.lastIndexOf('__') + 2) ?? '')].join('_');
}

function freeName(wanted: string, taken: ReadonlyMap<string, unknown>): string {
  let name = wanted;
  while (taken.has(name)) name = `${name}_`;
  return name;
}

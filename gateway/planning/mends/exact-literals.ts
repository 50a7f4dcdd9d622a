// Mend of a defect of the planner (2.14.4): it reads literals into JavaScript's values and prints those. A number of a
// custom scalar comes out as the nearest double, `1.0` as `1`, an enum value within a JSON scalar as a string, and 1e400
// ends planning with an error. And it goes through each list twice, so that lists in lists take twice as long with each
// level, seconds from the twentieth. Such a literal is planned as a variable, and put back into the finished plan as it was.
import type { FetchNode, PlanNode } from '@apollo/query-planner';
import {
  type DocumentNode,
  getNamedType,
  getNullableType,
  type GraphQLSchema,
  isListType,
  isNonNullType,
  Kind,
  type NameNode,
  type OperationDefinitionNode,
  parse,
  parseType,
  print,
  stripIgnoredCharacters,
  TypeInfo,
  type ValueNode,
  type VariableDefinitionNode,
  type VariableNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { isCustomScalar } from '#gateway/supergraph/custom-scalars.ts';
import { mapFetches } from './required-arguments.ts';

/** An operation without the literals that planning would change. */
export interface HoistedLiterals {
  readonly document: DocumentNode;
  /** Puts the literals into a plan. */
  restore(plan: PlanNode): PlanNode;
}

/** `undefined` when there is nothing to mend. */
export function hoistLiterals(document: DocumentNode, schema: GraphQLSchema): HoistedLiterals | undefined {
  if (!hasCandidates(document)) return undefined;
  const prefix = freePrefix(document);
  const literals = new Map<string, ValueNode>();
  const variables = new Map<string, VariableNode>();
  const definitions: VariableDefinitionNode[] = [];
  /** Variables are completed before anything is sent, so their defaults stand in a fetch for validation alone. */
  let inDefault = false;
  let changed = false;

  function hoist(node: ValueNode, expected: string): ValueNode {
    const whole = isChanged(node) && !hasVariable(node);
    if (!whole && node.kind === Kind.LIST)
      return { ...node, values: node.values.map((value) => hoist(value, expected)) };
    if (!whole && node.kind === Kind.OBJECT)
      return {
        ...node,
        fields: node.fields.map((field) => ({ ...field, value: hoist(field.value, expected) })),
      };
    if (!whole) return node;
    changed = true;
    if (inDefault) return { kind: Kind.INT, value: '0' };
    const literal = `${expected} ${print(node)}`;
    let variable = variables.get(literal);
    if (variable === undefined) {
      variable = { kind: Kind.VARIABLE, name: nameNode(`${prefix}${variables.size}`) };
      // The same literal is the same variable, so that fields that can be merged still can.
      variables.set(literal, variable);
      literals.set(variable.name.value, node);
      definitions.push({ kind: Kind.VARIABLE_DEFINITION, variable, type: parseType(expected) });
    }
    return variable;
  }

  const types = new TypeInfo(schema);
  const enter = (node: ValueNode): ValueNode | undefined => {
    const type = types.getInputType();
    if (type == null || !isCustomScalar(getNamedType(type))) return undefined;
    // A list's type is that of its items by now. Where they are lists again, they are met one by one.
    if (node.kind === Kind.LIST && isListType(getNullableType(type))) return undefined;
    // What may not be null goes everywhere; the type may be a list of which the literal is the one item.
    const expected = isNonNullType(type) ? String(type) : `${String(type)}!`;
    if (node.kind === Kind.LIST && isListType(getNullableType(types.getParentInputType())))
      return { ...node, values: node.values.map((value) => hoist(value, expected)) };
    return hoist(node, expected);
  };
  const hoisted = visit(
    document,
    visitWithTypeInfo(types, {
      VariableDefinition: {
        enter() {
          inDefault = true;
        },
        leave() {
          inDefault = false;
        },
      },
      IntValue: enter,
      FloatValue: enter,
      EnumValue: enter,
      ListValue: enter,
      ObjectValue: enter,
    }),
  );
  if (!changed) return undefined;
  const define = (node: OperationDefinitionNode): OperationDefinitionNode => ({
    ...node,
    variableDefinitions: [...(node.variableDefinitions ?? []), ...definitions],
  });
  return {
    document: visit(hoisted, { OperationDefinition: define }),
    restore: (plan) => mapFetches(plan, (fetch) => restoreLiterals(fetch, literals)),
  };
}

function restoreLiterals(fetch: FetchNode, literals: ReadonlyMap<string, ValueNode>): FetchNode {
  if (!fetch.variableUsages?.some((name) => literals.has(name))) return fetch;
  const operation = visit(parse(fetch.operation, { noLocation: true }), {
    VariableDefinition: ({ variable }) => (literals.has(variable.name.value) ? null : false),
    Variable: ({ name }) => literals.get(name.value),
  });
  return {
    ...fetch,
    operation: stripIgnoredCharacters(print(operation)),
    variableUsages: fetch.variableUsages.filter((name) => !literals.has(name)),
  };
}

function hasCandidates(document: DocumentNode): boolean {
  let found = false;
  const look = (node: ValueNode): void => {
    found ||= isChanged(node);
  };
  visit(document, { IntValue: look, FloatValue: look, EnumValue: look, ListValue: look });
  return found;
}

function hasVariable(node: ValueNode): boolean {
  let found = false;
  visit(node, {
    Variable() {
      found = true;
    },
  });
  return found;
}

/** Whether the planner would print another literal than this one, or take too long for it. */
function isChanged(node: ValueNode): boolean {
  if (node.kind === Kind.LIST) return node.values.some(({ kind }) => kind === Kind.LIST);
  if (node.kind === Kind.ENUM) return true;
  return (node.kind === Kind.INT || node.kind === Kind.FLOAT) && String(Number(node.value)) !== node.value;
}

function nameNode(value: string): NameNode {
  return { kind: Kind.NAME, value };
}

/** The beginning of names that no variable of the document has. */
function freePrefix(document: DocumentNode): string {
  const taken = new Set<string>();
  visit(document, {
    Variable({ name }) {
      taken.add(name.value);
    },
  });
  let prefix = 'literal_';
  while ([...taken].some((name) => name.startsWith(prefix))) prefix += '_';
  return prefix;
}

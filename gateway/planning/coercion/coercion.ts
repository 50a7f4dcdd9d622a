// Planning: "CoerceVariableValues" of the specification, whose refusals are bounded. What graphql-js does itself quotes
// the whole value in every error: 4,000 unknown keys made 156 MB of them.
import {
  coerceInputValue,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  valueFromAST,
  type VariableDefinitionNode,
} from 'graphql';
import { quoted, shortened } from '#gateway/planning/validation/bounded-messages.ts';
import { withBuiltInDoubles } from './exact-variables.ts';

export type Coerced =
  | { readonly variables: Record<string, unknown> }
  | { readonly errors: readonly GraphQLError[] };

type Values = Readonly<Record<string, unknown>>;

interface Variable {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly definition: VariableDefinitionNode;
}

/** As graphql-js has it: whoever has more to mend sees the rest next time. */
const MAX_ERRORS = 50;
/** Objects and lists within each other: what goes through a value calls itself for each. */
const MAX_DEPTH = 100;
/** In all variables of a request: checking them takes a tenth of a second. */
const MAX_VALUES = 200_000;
const TOO_MANY = `has too many values: ${MAX_VALUES} are allowed in all variables, and an object counts for 8. Send them in parts`;
/** An object is looked through for each field of its type. */
const OBJECT_VALUES = 8;

class EnoughErrors extends Error {}

/** Checks and completes what a client sends as the operation's variables. The operation is valid. */
export function createCoercion(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  hideSuggestions: boolean,
): (raw: Values) => Coerced {
  const variables = variableDefinitions.flatMap((definition): Variable[] => {
    const type = typeFromAST(schema, definition.type);
    return isInputType(type) ? [{ name: definition.variable.name.value, type, definition }] : [];
  });

  function coerce(raw: Values): Coerced {
    const errors: GraphQLError[] = [];
    const refuse = (definition: VariableDefinitionNode, message: string) => {
      if (errors.length === MAX_ERRORS) throw new EnoughErrors();
      errors.push(refusal(message, definition));
    };
    try {
      const values = coerceAll(variables, raw, hideSuggestions, refuse);
      return errors.length === 0 ? { variables: values } : { errors };
    } catch (error) {
      if (!(error instanceof EnoughErrors)) throw error;
      return { errors: [...errors, refusal('There are more faults in the variables than are told.')] };
    }
  }

  return (raw) => {
    if (variables.length === 0) return { variables: {} };
    let values = 0;
    for (const { name, definition } of variables) {
      const value = raw[name];
      if (typeof value !== 'object' || value === null) continue;
      values += countValues(value, MAX_DEPTH, MAX_VALUES - values);
      if (values > MAX_VALUES) {
        const what = values === Infinity ? `is nested more than ${MAX_DEPTH} deep` : TOO_MANY;
        return { errors: [refusal(`Variable "$${name}" ${what}.`, definition)] };
      }
    }
    const coerced = coerce(raw);
    if (!('errors' in coerced)) return coerced;
    const doubles = withBuiltInDoubles(schema, variableDefinitions, raw);
    return doubles === raw ? coerced : coerce(doubles);
  };
}

function coerceAll(
  variables: readonly Variable[],
  raw: Values,
  hideSuggestions: boolean,
  refuse: (definition: VariableDefinitionNode, message: string) => void,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  /** An object is quoted again for each of its keys that is wrong, and to look at it takes as long as it has keys. */
  let last: { readonly value: unknown; readonly text: string } | undefined;
  const quote = (value: unknown) => {
    if (last === undefined || last.value !== value) last = { value, text: quoted(value) };
    return last.text;
  };
  for (const { name, type, definition } of variables) {
    if (!Object.hasOwn(raw, name)) {
      if (definition.defaultValue !== undefined)
        setOwn(values, name, valueFromAST(definition.defaultValue, type));
      else if (isNonNullType(type))
        refuse(definition, `Variable "$${name}" of required type "${String(type)}" was not provided.`);
      continue;
    }
    const value = raw[name];
    if (value === null && isNonNullType(type)) {
      refuse(definition, `Variable "$${name}" of non-null type "${String(type)}" must not be null.`);
      continue;
    }
    const coerced: unknown = coerceInputValue(
      value,
      type,
      (path, invalid, { message }) => {
        const place = path.length === 0 ? '' : ` at "${name}${placeOf(path)}"`;
        refuse(definition, `Variable "$${name}" got invalid value ${quote(invalid)}${place}; ${message}`);
      },
      hideSuggestions,
    );
    setOwn(values, name, coerced);
  }
  return values;
}

/** A variable may be called `__proto__`. */
function setOwn(values: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') values[name] = value;
  else Object.defineProperty(values, name, { value, configurable: true, enumerable: true, writable: true });
}

function placeOf(path: readonly (string | number)[]): string {
  return path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
}

/**
 * Values in a value, itself included, more than `most` when there are more; objects count for some.
 * @returns `Infinity` when it goes deeper than `levels`
 */
function countValues(value: unknown, levels: number, most: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  if (levels === 0) return Infinity;
  const isList = Array.isArray(value);
  const members: readonly unknown[] = isList ? value : Object.values(value);
  let count = isList ? 1 : OBJECT_VALUES;
  for (const member of members) {
    count += countValues(member, levels - 1, most - count);
    if (count > most) break;
  }
  return count;
}

function refusal(message: string, definition?: VariableDefinitionNode): GraphQLError {
  return new GraphQLError(shortened(message), { nodes: definition, extensions: { code: 'BAD_USER_INPUT' } });
}

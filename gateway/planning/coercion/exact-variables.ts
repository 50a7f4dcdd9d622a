// Variables whose numbers are kept as they were written, before they are checked against the operation.
import {
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  isScalarType,
  isSpecifiedScalarType,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql';
import { isExactNumber, wholeText, withDoubles } from '#gateway/json/exact-json.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * The variables with doubles wherever no custom scalar is expected: built-in scalars are checked as doubles. The same
 * object when nothing changes. Only called when a check has failed, since others would pay for it, too.
 */
export function withBuiltInDoubles(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  values: Values,
): Values {
  let changed = false;
  const read = { ...values };
  for (const definition of definitions) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    if (!isInputType(type) || !Object.hasOwn(values, name)) continue;
    read[name] = readAs(type, values[name]);
    changed ||= read[name] !== values[name];
  }
  return changed ? read : values;
}

function readAs(type: GraphQLInputType, value: unknown): unknown {
  if (isNonNullType(type)) return readAs(type.ofType, value);
  if (isListType(type)) {
    if (!Array.isArray(value)) return readAs(type.ofType, value);
    const items = value.map((item) => readAs(type.ofType, item));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (isInputObjectType(type) && typeof value === 'object' && value !== null && !isExactNumber(value)) {
    const fields = type.getFields();
    const before = Object.entries(value);
    const after = before.map(([name, inner]): [string, unknown] => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      return [name, field === undefined ? withDoubles(inner) : readAs(field.type, inner)];
    });
    return after.every(([, inner], index) => inner === before[index]?.[1])
      ? value
      : Object.fromEntries(after);
  }
  if (isScalarType(type) && !isSpecifiedScalarType(type)) return value;
  // An id may be a number, and then is its text.
  return (isScalarType(type) && type.name === 'ID' ? wholeText(value) : undefined) ?? withDoubles(value);
}

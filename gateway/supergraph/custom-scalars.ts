// The gateway knows nothing of a custom scalar but its name. What it is given as one passes unchanged.
import {
  type GraphQLScalarType,
  type GraphQLSchema,
  isInputObjectType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  parse,
  type ValueNode,
  valueFromAST,
  valueFromASTUntyped,
} from 'graphql';
import { parseExactJson, withDoubles } from '#gateway/json/exact-json.ts';

/**
 * Has literals of the schema's custom scalars read without changing their numbers, and with them the default values of
 * input fields, with which the gateway completes variables.
 *
 * @param sdl that the schema was made of; the schema itself has lost what numbers its default values were
 */
export function readLiteralsExactly(schema: GraphQLSchema, sdl: string): GraphQLSchema {
  const custom = Object.values(schema.getTypeMap()).filter(isCustomScalar);
  if (custom.length === 0) return schema;
  for (const type of custom) {
    type.parseLiteral = (node, variables) => valueOf(node, variables ?? undefined);
    // Introspection tells default values by what a type makes of them, and fails as a whole when that is an object.
    type.serialize = toIntrospected;
  }
  for (const definition of parse(sdl, { noLocation: true }).definitions) {
    if (definition.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION) continue;
    const type = schema.getType(definition.name.value);
    for (const { name, defaultValue } of definition.fields ?? []) {
      const field = isInputObjectType(type) ? type.getFields()[name.value] : undefined;
      if (field !== undefined && defaultValue !== undefined)
        field.defaultValue = valueFromAST(defaultValue, field.type);
    }
  }
  return schema;
}

export function isCustomScalar(type: unknown): type is GraphQLScalarType {
  return isScalarType(type) && !isSpecifiedScalarType(type);
}

function toIntrospected(value: unknown): unknown {
  const plain = withDoubles(value);
  return typeof plain === 'object' && plain !== null ? JSON.stringify(value) : plain;
}

function valueOf(node: ValueNode, variables: Parameters<typeof valueFromASTUntyped>[1]): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return parseExactJson(node.value);
    case Kind.LIST:
      return node.values.map((item) => valueOf(item, variables));
    case Kind.OBJECT:
      return Object.fromEntries(
        node.fields.map(({ name, value }) => [name.value, valueOf(value, variables)]),
      );
    default:
      return valueFromASTUntyped(node, variables);
  }
}

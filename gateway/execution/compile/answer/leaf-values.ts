// Running: which values of leaves are answered, and as what.
import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
  isEnumType,
} from 'graphql';
import { idText, toDouble } from '#gateway/json/exact-json.ts';
import { isTooDeep } from '#gateway/json/nesting.ts';

/**
 * The value as it is answered, `undefined` when it is none of the type's: then the field is null with an error.
 *
 * A subgraph has serialised its values: nothing is made of one kind out of another here, neither a string of a number nor
 * 1 of `true`, in which Apollo's gateway and router agree. What graphql-js would never have sent is refused as it does:
 * an `Int` outside of 32 bits (so does the router), a fraction for an `Int`, a `Float` that is not finite, an enum value
 * that clients do not know. An `ID` may be a whole number, of any size, and is answered as its text. Values of custom
 * scalars are passed on as they are, up to `MAX_VALUE_DEPTH`.
 */
export function leafValue(type: GraphQLLeafType, value: unknown): unknown {
  if (isEnumType(type)) return typeof value === 'string' && type.getValue(value) ? value : undefined;
  const double = toDouble(value);
  switch (type.name) {
    case GraphQLString.name:
      return typeof value === 'string' ? value : undefined;
    case GraphQLBoolean.name:
      return typeof value === 'boolean' ? value : undefined;
    case GraphQLInt.name:
      return typeof double === 'number' && (double | 0) === double ? double : undefined;
    case GraphQLFloat.name:
      return Number.isFinite(double) ? double : undefined;
    case GraphQLID.name:
      return typeof value === 'string' ? value : idText(value);
    default:
      return isTooDeep(value) ? undefined : value;
  }
}

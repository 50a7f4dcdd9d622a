// Random valid operations: fragments, aliases, conditions, variables, arguments, introspection of types.
import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  parse,
  validate,
} from 'graphql';
import { createRandom, type Random } from './random.ts';

export interface RandomOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly kind: 'query' | 'mutation';
}

export interface OperationOptions {
  readonly seed: number;
  /** About so many fields. */
  readonly size: number;
}

/** Names that a careless executor trips over, and names that other fields have. */
const ALIASES = ['a', 'b', 'constructor', '__proto__', 'toString', 'id', 'name', 'price', '_entities', 'e0'];
const MAX_DEPTH = 7;

/** The same operation for the same options. */
export function randomOperation(schema: GraphQLSchema, { seed, size }: OperationOptions): RandomOperation {
  // An alias can clash with another field; then the dice are thrown again, at last without aliases.
  for (let attempt = 0; attempt < 8; attempt++) {
    const operation = generate(schema, createRandom(seed * 31 + attempt), size, attempt < 7);
    if (validate(schema, parse(operation.query)).length === 0) return operation;
  }
  throw new Error(`no valid operation for seed ${seed}`);
}

function generate(schema: GraphQLSchema, random: Random, size: number, aliases: boolean): RandomOperation {
  const definitions = new Map<string, string>();
  const variables: Record<string, unknown> = {};
  const fragments: string[] = [];
  const names = new Map<string, string>();
  let budget = size;

  function selectionSet(type: GraphQLCompositeType, depth: number): string {
    const count = 1 + random.below(4);
    const selections: string[] = [];
    for (let i = 0; i < count; i++) selections.push(selection(type, depth));
    return `{ ${selections.join(' ')} }`;
  }

  function selection(type: GraphQLCompositeType, depth: number): string {
    budget -= 1;
    if (depth < MAX_DEPTH && budget > 0 && random.chance(isAbstractType(type) ? 50 : 12))
      return fragment(type, depth);
    if (isUnionType(type) || random.chance(8)) return `${alias('__typename', '')}__typename${condition()}`;
    const all = Object.values(type.getFields());
    const leaves = all.filter((field) => !isCompositeType(getNamedType(field.type)));
    const deep = depth < MAX_DEPTH && budget > 0;
    const choice = deep ? all : leaves;
    if (choice.length === 0) return '__typename';
    return field(random.pick(choice), depth);
  }

  function field({ name, args, type }: GraphQLField<unknown, unknown>, depth: number): string {
    const given = argumentsOf(args);
    const named = getNamedType(type);
    const nested = isCompositeType(named) ? ` ${selectionSet(named, depth + 1)}` : '';
    return `${alias(name, given)}${name}${given}${condition()}${nested}`;
  }

  /** One name always stands for one field with one list of arguments, so that most selections can be merged. */
  function alias(name: string, given: string): string {
    const meaning = name + given;
    if (!aliases) return given === '' ? '' : `${aliasFor(meaning)}: `;
    if (random.chance(80) && given === '') return '';
    if (random.chance(30)) return given === '' ? `${random.pick(ALIASES)}: ` : '';
    return `${aliasFor(meaning)}: `;
  }

  function aliasFor(meaning: string): string {
    let own = names.get(meaning);
    if (own === undefined) names.set(meaning, (own = `x${names.size}`));
    return own;
  }

  function fragment(type: GraphQLCompositeType, depth: number): string {
    const conditionType = random.chance(20) ? type : random.pick(overlapping(type));
    const body = selectionSet(conditionType, depth + 1);
    if (random.chance(40)) {
      const name = `F${fragments.length}`;
      fragments.push(`fragment ${name} on ${conditionType.name} ${body}`);
      return `...${name}${condition()}`;
    }
    return conditionType === type && random.chance(50)
      ? `...${condition()} ${body}`
      : `... on ${conditionType.name}${condition()} ${body}`;
  }

  function overlapping(type: GraphQLCompositeType): GraphQLCompositeType[] {
    const own = isObjectType(type) ? [type] : schema.getPossibleTypes(type);
    const others = Object.values(schema.getTypeMap()).filter(
      (other) =>
        (isInterfaceType(other) || isUnionType(other)) &&
        schema.getPossibleTypes(other).some((member) => own.includes(member)),
    ) as GraphQLCompositeType[];
    return [...own, ...others];
  }

  function condition(): string {
    if (!random.chance(8)) return '';
    const directive = random.pick(['skip', 'include']);
    if (random.chance(30)) return ` @${directive}(if: ${random.chance(50)})`;
    const name = `if${random.below(3)}`;
    if (!definitions.has(name)) {
      const value = random.chance(50);
      const byDefault = random.chance(30);
      definitions.set(name, byDefault ? `$${name}: Boolean! = ${value}` : `$${name}: Boolean!`);
      if (!byDefault) variables[name] = value;
    }
    return ` @${directive}(if: $${name})`;
  }

  function argumentsOf(args: readonly GraphQLArgument[]): string {
    const given = args.flatMap((argument) => {
      const required = isNonNullType(argument.type) && argument.defaultValue === undefined;
      return required || random.chance(50) ? [`${argument.name}: ${argumentValue(argument.type)}`] : [];
    });
    return given.length === 0 ? '' : `(${given.join(', ')})`;
  }

  function argumentValue(type: GraphQLInputType): string {
    if (!random.chance(40)) return literal(type);
    const name = `v${definitions.size}`;
    const nullable = !isNonNullType(type);
    const byDefault = random.chance(25);
    definitions.set(name, `$${name}: ${String(type)}${byDefault ? ` = ${literal(type)}` : ''}`);
    if (!(byDefault || nullable) || random.chance(60)) variables[name] = jsonOf(type);
    return `$${name}`;
  }

  function literal(type: GraphQLInputType): string {
    if (isNonNullType(type)) return literalOf(type.ofType);
    return random.chance(10) ? 'null' : literalOf(type);
  }

  function literalOf(type: GraphQLInputType): string {
    if (isListType(type))
      return `[${Array.from({ length: random.below(3) }, () => literal(type.ofType)).join(', ')}]`;
    if (isInputObjectType(type))
      return `{ ${fieldsOf(type, literal)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', ')} }`;
    const value = scalar(type);
    return isEnumType(type) ? String(value) : JSON.stringify(value);
  }

  function jsonOf(type: GraphQLInputType): unknown {
    if (!isNonNullType(type) && random.chance(10)) return null;
    const nullable = isNonNullType(type) ? type.ofType : type;
    if (isListType(nullable)) return Array.from({ length: random.below(3) }, () => jsonOf(nullable.ofType));
    if (isInputObjectType(nullable)) return Object.fromEntries(fieldsOf(nullable, jsonOf));
    return scalar(nullable);
  }

  function fieldsOf<T>(type: GraphQLInputType, value: (type: GraphQLInputType) => T): [string, T][] {
    if (!isInputObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap((input) => {
      const required = isNonNullType(input.type) && input.defaultValue === undefined;
      const deep = isInputObjectType(getNamedType(input.type));
      return required || random.chance(deep ? 15 : 50)
        ? [[input.name, value(input.type)] as [string, T]]
        : [];
    });
  }

  function scalar(type: GraphQLInputType): unknown {
    const named = getNamedType(type);
    if (isEnumType(named)) return random.pick(named.getValues()).name;
    if (named.name === 'Int') return random.below(4);
    if (named.name === 'Float') return random.below(8) / 2;
    if (named.name === 'Boolean') return random.chance(50);
    return random.pick(['id-0', 'id-1', 'x "y" \\ $z', '']);
  }

  const mutation = schema.getMutationType();
  const kind = mutation != null && random.chance(40) ? 'mutation' : 'query';
  const root = kind === 'mutation' ? mutation : schema.getQueryType();
  if (root == null) throw new Error('no root type');
  const body = selectionSet(root, 0);
  const parameters = definitions.size === 0 ? '' : `(${[...definitions.values()].join(', ')})`;
  return { query: [`${kind} Op${parameters} ${body}`, ...fragments].join('\n'), variables, kind };
}

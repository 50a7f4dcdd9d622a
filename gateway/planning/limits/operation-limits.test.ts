import { readFileSync } from 'node:fs';
import { executeSync, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { readConfig } from '#gateway/settings.ts';
import { countIntrospection } from '#gateway/planning/introspection-size.ts';
import { OperationError } from '#gateway/planning/operation-error.ts';
import { createPlanning } from '#gateway/planning/planning.ts';
import { parseSupergraph } from '#gateway/supergraph/supergraph.ts';
import { compose } from '#tests/oracle/supergraphs.ts';
import { useLimits } from './operation-limits.ts';

const supergraph = parseSupergraph(readFileSync('schema/supergraph.graphql', 'utf8'));
const { limits, introspection } = readConfig(['--supergraph', 'none'], {});
const planning = createPlanning(supergraph, { limits: useLimits({ limits, introspection }) });

const times = (n: number, write: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => write(i)).join(' ');

/** What is refused, without planning anything. */
function refusalsOf(source: string, from = planning) {
  try {
    from.kindOf(source);
    return [];
  } catch (error) {
    if (error instanceof OperationError) return error.errors.map(({ extensions }) => extensions['code']);
    throw error;
  }
}

/** A fragment that asks for the next one twice, under two names, and so on: 2^n fields in n lines. */
const doubling = (n: number) =>
  `{ order(id: "x") { ...F0 } } ${times(
    n,
    (i) =>
      `fragment F${i} on Order { a: payment { order { ...F${i + 1} } } b: payment { order { ...F${i + 1} } } }`,
  )} fragment F${n} on Order { id }`;

describe('a document that asks for too much is refused before anything is planned', () => {
  const nested = 5_000;
  it.each([
    ['aliases of a root field', `{ ${times(60, (i) => `p${i}: products(first: 100) { totalCount }`)} }`],
    ['fragments of root fields', `{ ...F } fragment F on Query { ${times(21, (i) => `p${i}: me { id }`)} }`],
  ])('%s', (_what, source) => expect(refusalsOf(source)).toEqual(['MAX_ROOT_FIELDS_LIMIT']));

  it.each([
    [
      'log-outs',
      `mutation { ${times(6, (i) => `l${i}: logOut(input: { refreshToken: "x" }) { loggedOut }`)} }`,
    ],
    [
      'fragments of log-outs',
      `mutation { ...A ... { ...B } } fragment A on Mutation { ${times(3, (i) => `a${i}: logOut(input: { refreshToken: "x" }) { loggedOut }`)} }
       fragment B on Mutation { ...A ${times(3, (i) => `b${i}: logOut(input: { refreshToken: "x" }) { loggedOut }`)} }`,
    ],
    [
      'one of two operations',
      `query Q { me { id } } mutation M { ${times(6, (i) => `l${i}: logOut(input: { refreshToken: "x" }) { loggedOut }`)} }`,
    ],
  ])('mutations by the dozen: %s', (_what, source) =>
    expect(refusalsOf(source)).toEqual(['MAX_MUTATION_FIELDS_LIMIT']),
  );

  it.each([
    ['aliases of one nested field', `{ me { ${times(450, (i) => `o${i}: orders { totalCount }`)} } }`],
    ['aliases that double 14 times', doubling(14)],
    ['aliases that double 20 times', doubling(20)],
    [
      'aliases under introspection',
      `{ __schema { types { ...F0 } } } ${times(19, (i) => `fragment F${i} on __Type { a: ofType { ...F${i + 1} } b: ofType { ...F${i + 1} } }`)} fragment F19 on __Type { name }`,
    ],
  ])('%s', (_what, source) => expect(refusalsOf(source)).toEqual(['MAX_ALIASES_LIMIT']));

  it.each([
    [
      'fields that treble without an alias',
      `{ order(id: "x") { ...F0 } } ${times(8, (i) => `fragment F${i} on Order { payment { order { ...F${i + 1} } } customer { orders { nodes { ...F${i + 1} } edges { node { ...F${i + 1} } } } } }`)} fragment F8 on Order { id }`,
      'MAX_HEIGHT_LIMIT',
    ],
    [
      'fragments that double without a field',
      `{ me { ...F0 } } ${times(900, (i) => `fragment F${i} on User { ...F${i + 1} ...F${i + 1} }`)} fragment F900 on User { id }`,
      'MAX_RECURSIVE_SELECTIONS_LIMIT',
    ],
    ['one field ten thousand times', `{ me { ${times(9_990, () => 'id')} } }`, 'OPERATION_TOO_COMPLEX'],
    ['directives by the thousand', `{ me { id ${times(3_000, () => '@a')} } }`, 'MAX_DIRECTIVES_LIMIT'],
    [
      'depth',
      `{ order(id: "x") { ${'payment { order { '.repeat(30)} id ${'} } '.repeat(30)} } }`,
      'OPERATION_TOO_DEEP',
    ],
    [
      'depth in fragments',
      doubling(40)
        .replaceAll(/ b: \S+ \{ \S+ \{ \S+ \} \}/g, '')
        .replaceAll('a: ', ''),
      'OPERATION_TOO_DEEP',
    ],
    ['tokens', `{ me { ${times(11_000, () => 'id')} } }`, 'GRAPHQL_PARSE_FAILED'],
    ['braces', '{a'.repeat(nested) + '}'.repeat(nested), 'GRAPHQL_PARSE_FAILED'],
    ['braces without a name', '{'.repeat(nested), 'GRAPHQL_PARSE_FAILED'],
    ['lists', `{ orders(filter: ${'['.repeat(nested)}`, 'GRAPHQL_PARSE_FAILED'],
    ['objects', `{ orders(filter: ${'{a:'.repeat(3_000)}`, 'GRAPHQL_PARSE_FAILED'],
    ['types', `query ($a: ${'['.repeat(nested)}ID`, 'GRAPHQL_PARSE_FAILED'],
  ])('%s', (_what, source, code) => expect(refusalsOf(source)).toEqual([code]));

  it('each within milliseconds, however much it stands for', () => {
    const started = performance.now();
    for (let n = 10; n <= 200; n += 10) expect(refusalsOf(doubling(n))).not.toEqual([]);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('fragments that spread each other in a circle are told so', () => {
    const codes = refusalsOf(`{ me { ...A } } fragment A on User { id ...B } fragment B on User { ...A }`);
    expect(codes).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });

  it('each bound is a setting', () => {
    const of = (env: Record<string, string>) => {
      const config = readConfig(['--supergraph', 'none'], env);
      return createPlanning(supergraph, { limits: useLimits(config) });
    };
    const source = '{ a: me { id } b: me { id email } }';
    expect(refusalsOf(source)).toEqual([]);
    expect(refusalsOf(source, of({ MAX_ALIASES: '1' }))).toEqual(['MAX_ALIASES_LIMIT']);
    expect(refusalsOf(source, of({ MAX_ROOT_FIELDS: '1' }))).toEqual(['MAX_ROOT_FIELDS_LIMIT']);
    const mutation = 'mutation { a: logOut(input: { refreshToken: "x" }) { loggedOut } __typename }';
    expect(refusalsOf(mutation)).toEqual([]);
    expect(refusalsOf(mutation, of({ MAX_MUTATION_FIELDS: '1' }))).toEqual(['MAX_MUTATION_FIELDS_LIMIT']);
    expect(refusalsOf(source, of({ MAX_HEIGHT: '3' }))).toEqual(['MAX_HEIGHT_LIMIT']);
    expect(refusalsOf(source, of({ MAX_RECURSIVE_SELECTIONS: '4' }))).toEqual([
      'MAX_RECURSIVE_SELECTIONS_LIMIT',
    ]);
    expect(refusalsOf(source, of({ MAX_DEPTH: '1' }))).toEqual(['OPERATION_TOO_DEEP']);
    expect(refusalsOf(source, of({ MAX_NESTING: '1' }))).toEqual(['GRAPHQL_PARSE_FAILED']);
    expect(refusalsOf('{ me @skip(if: true) { id } }', of({ MAX_DIRECTIVES: '0' }))).toEqual([
      'MAX_DIRECTIVES_LIMIT',
    ]);
    expect(refusalsOf('{ __schema { queryType { name } } }', of({ INTROSPECTION: 'off' }))).toEqual([
      'INTROSPECTION_DISABLED',
    ]);
  });
});

describe('what is asked of an interface counts for each of its types', async () => {
  const many = parseSupergraph(
    compose({
      name: 'many types',
      subgraphs: {
        a: `type Query { node: Node } interface Node { id: ID! next: Node name: String }
            ${times(400, (i) => `type T${i} implements Node { id: ID! next: Node name: String }`)}`,
      },
    }),
  );
  const planning = createPlanning(many, { limits: useLimits({ limits, introspection }) });
  const chain = (depth: number, inner = 'id') =>
    `{ node ${'{ id name next '.repeat(depth)} { ${inner} } ${'}'.repeat(depth)} }`;
  const codes = async (source: string) => {
    try {
      await planning.prepare(source);
      return [];
    } catch (error) {
      if (error instanceof OperationError) return error.errors.map(({ extensions }) => extensions['code']);
      throw error;
    }
  };

  it.each([
    ['fields', chain(45)],
    [
      'fragments',
      `${chain(20, '...F')} fragment F on Node { next { ...G } } fragment G on Node { ${times(80, (i) => (i % 2 ? 'id' : 'name'))} }`,
    ],
  ])('%s', async (_what, source) => expect(await codes(source)).toEqual(['MAX_TYPED_SELECTIONS_LIMIT']));

  it('and once where one type is named', async () => {
    expect(await codes(`{ node { ... on T1 { ${times(300, () => 'id name')} } } }`)).toEqual([]);
    expect(await codes('{ __schema { types { name kind } } node { id next { id name } } }')).toEqual([]);
  });
});

describe('introspection of a large schema', async () => {
  const many = parseSupergraph(
    compose({
      name: 'many types',
      subgraphs: {
        a: `type Query { node: Node } interface Node { id: ID! next: Node name: String }
            ${times(400, (i) => `type T${i} implements Node { id: ID! next: Node name: String }`)}`,
      },
    }),
  );
  const planning = createPlanning(many, { limits: useLimits({ limits, introspection }) });
  const codes = async (source: string) => {
    try {
      await planning.prepare(source);
      return [];
    } catch (error) {
      if (error instanceof OperationError) return error.errors.map(({ extensions }) => extensions['code']);
      throw error;
    }
  };
  const usual = getIntrospection();
  const fields = '{ name fields { name description args { name } type { kind name ofType { name } } } }';

  it.each([
    ['what tools ask for', usual],
    ['one type whose name is not known yet', `query ($type: String!) { __type(name: $type) ${fields} }`],
    ['a few types', `{ ${times(20, (i) => `t${i}: __type(name: "T${i}") ${fields}`)} }`],
  ])('lets %s through', async (_what, source) => expect(await codes(source)).toEqual([]));

  it.each([
    [
      'asking for all of it again',
      `${usual.replace('__schema', 'again: __schema { types { ...FullType } } __schema')}`,
    ],
    [
      'the types of each type',
      `{ __schema { types { possibleTypes ${fields} ${times(3, () => `possibleTypes ${fields}`)} } } }`,
    ],
    [
      'each type a second time by its interfaces',
      '{ __schema { types { interfaces { fields { name } possibleTypes { name kind description } } } } }',
    ],
    [
      'many large types',
      `{ ${times(20, (i) => `t${i}: __type(name: "Node") { possibleTypes ${fields} }`)} }`,
    ],
    [
      'many types by variables',
      `query ($t: String!) { ${times(20, (i) => `t${i}: __type(name: $t) ${fields}`)} }`,
    ],
  ])('refuses %s', async (_what, source) => expect(await codes(source)).toEqual(['MAX_INTROSPECTION_LIMIT']));

  it.each([
    usual,
    `{ __schema { types ${fields} } a: __type(name: "Node") { possibleTypes ${fields} } ...F } fragment F on Query { b: __type(name: "T1") ${fields} c: __type(name: "None") { name } }`,
  ])('is counted as it will be answered', (source) => {
    const document = parse(source);
    const [operation] = document.definitions;
    if (operation?.kind !== 'OperationDefinition') throw new Error('expected an operation');
    const { data } = executeSync({ schema: many.apiSchema, document });
    const roots = source === usual ? 1 : 4;
    expect(countIntrospection(many.apiSchema, document, operation, Infinity)).toBe(valuesOf(data) - roots);
  });
});

describe('what real clients send is let through', () => {
  it.each([
    ['the introspection query', getIntrospection()],
    [
      'a long list of fields, of fragments used again and again',
      `query ($a: Boolean!) { ${times(10, (i) => `o${i}: order(id: "${i}") { ...O payment @include(if: $a) { status order { ...O } } }`)} }
       fragment O on Order { id number status total { ...M } lines { sku quantity unitPrice { ...M } variant { sku price { ...M } } } }
       fragment M on Money { amount currencyCode }`,
    ],
  ])('%s', (_what, source) => expect(refusalsOf(source)).toEqual([]));
});

describe('a refusal', () => {
  const huge = 'x'.repeat(500_000);
  it.each([
    ['an unknown field', `{ ${huge} }`],
    ['a string where a number belongs', `{ orders(first: "${huge}") { totalCount } }`],
    ['a syntax error', `{ "${huge}" }`],
    ['thousands of unknown fields', `{ me { ${times(8_000, (i) => `f${i}`)} } }`],
    ['thousands of unused variables', `query (${times(2_400, (i) => `$v${i}: ID`)}) { me { id } }`],
    [
      'thousands of unused fragments',
      `{ me { id } } ${times(1_300, (i) => `fragment F${i} on User { id }`)}`,
    ],
    [
      'a circle of a thousand fragments',
      `{ me { ...F0 } } ${times(1_000, (i) => `fragment F${i} on User { ...F${(i + 1) % 1_000} }`)}`,
    ],
    ['an unknown operation', 'query A { me { id } } query B { me { id } }'],
  ])('of %s is short', (_what, source) => {
    try {
      planning.kindOf(source, huge);
      expect.unreachable();
    } catch (error) {
      expect(JSON.stringify(error).length).toBeLessThan(20_000);
    }
  });

  it('in production tells nothing of what the schema has', () => {
    const production = createPlanning(supergraph, { hideSuggestions: true });
    const told = (from: typeof planning, source: string) => {
      try {
        from.kindOf(source);
      } catch (error) {
        return String(error);
      }
      return '';
    };
    for (const source of [
      '{ ordr(id: 1) { id } }',
      '{ order(idd: 1) { id } }',
      '{ me { id ... on Usr { id } } }',
      '{ orders(filter: { statusses: [] }) { totalCount } }',
      '{ orders(filter: { statuses: [PENDIN] }) { totalCount } }',
      'query ($a: OrderFiltr) { orders(filter: $a) { totalCount } }',
    ]) {
      expect(told(planning, source)).toContain('Did you mean');
      expect(told(production, source)).not.toMatch(/did you mean|^$/i);
    }
  });
});

/** How many members all objects have. */
function valuesOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + valuesOf(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + 1 + valuesOf(inner), 0);
}

function getIntrospection(): string {
  return `query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType } directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
    fragment FullType on __Type { kind name description specifiedByURL isOneOf fields(includeDeprecated: true) { name description
      args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
      inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
    fragment TypeRef on __Type { kind name ${'ofType { kind name '.repeat(9)} ${'}'.repeat(9)} }`;
}

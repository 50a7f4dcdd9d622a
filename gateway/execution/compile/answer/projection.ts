// Compiling: generated code that turns the merged tree into the answer, for the usual case that nothing is wrong with it.
import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  type GraphQLOutputType,
  GraphQLString,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { idText, toDouble } from '#gateway/json/exact-json.ts';
import { isTooDeep } from '#gateway/json/nesting.ts';
import { isOneOf, type Program, property, read } from '#gateway/execution/compile/code.ts';
import { type ClientView, type Selections, type ViewField, visibleTypenames } from './client-view.ts';

/** Values of the fields that the gateway answers by itself. Set before a projection, which runs without a break. */
export interface IntrospectionSource {
  value(field: ViewField): unknown;
}

/**
 * Writes `project(root)`, which returns the client's data, and returns its name. It returns `undefined` as soon as it
 * meets anything that calls for an error or for a null to travel upwards: then the exact way of `completion.ts` is gone.
 */
export function writeProjection(
  program: Program,
  view: ClientView,
  introspection: IntrospectionSource,
): string {
  const source = program.constant(introspection);
  const objects = new Map<Selections, string>();
  const lists = new Map<string, string>();

  function projectObject(selections: Selections): string {
    let name = objects.get(selections);
    if (name !== undefined) return name;
    const { type } = selections;
    name = isObjectType(type)
      ? writeObject(view.fields(selections, type.name), JSON.stringify(type.name))
      : writeDispatch(selections);
    objects.set(selections, name);
    return name;
  }

  /** Types of which the same is selected share a function. */
  function writeDispatch(selections: Selections): string {
    const byFields = new Map<string, { typenames: string[]; fields: readonly ViewField[] }>();
    for (const typename of visibleTypenames(view.schema, selections.type)) {
      const fields = view.fields(selections, typename);
      // An interface's own name stands for an object whose type nobody asked for.
      const unnamed = !isObjectType(view.schema.getType(typename));
      if (unnamed && fields.some(({ kind }) => kind === 'typename')) continue;
      const key = fields.map(fieldIdentity).join('\n');
      const group = byFields.get(key) ?? { typenames: [], fields };
      group.typenames.push(typename);
      byFields.set(key, group);
    }
    const cases = [...byFields.values()].map(({ typenames, fields }) => {
      const project = writeObject(fields, 'o.__typename');
      const labels = typenames.map((typename) => `case ${JSON.stringify(typename)}:`);
      // Where no subgraph was asked for the type, none of the fragments depends on it.
      if (typenames.includes(selections.type.name)) labels.push('case undefined:');
      return `${labels.join(' ')} return ${project}(o);`;
    });
    return program.declare(
      (name) =>
        `function ${name}(o) { switch (o.__typename) { ${cases.join(' ')} default: return undefined; } }`,
    );
  }

  function writeObject(fields: readonly ViewField[], typename: string): string {
    const statements = fields.map((field, index) => fieldStatement(field, `v${index}`, typename));
    const literal = fields.map((field, index) => property(field.name, `v${index}`));
    return program.declare(
      (name) => `function ${name}(o) { ${statements.join('\n')} return { ${literal.join(', ')} }; }`,
    );
  }

  function fieldStatement(field: ViewField, variable: string, typename: string): string {
    if (field.kind === 'typename') return `const ${variable} = ${typename};`;
    if (field.kind === 'introspection') {
      return `const ${variable} = ${source}.value(${program.constant(field)}); if (${variable} === undefined) return undefined;`;
    }
    const { type } = field;
    if (type === undefined) throw new Error(`no type for ${field.name}`);
    return `let ${variable} = ${read('o', field.key)}; ${valueStatements(type, variable, field.selections)}`;
  }

  /** Statements that turn the variable into the answer's value, or return `undefined`. */
  function valueStatements(
    type: GraphQLOutputType,
    variable: string,
    selections: Selections | undefined,
  ): string {
    const empty = `${variable} === null || ${variable} === undefined`;
    const nullable = isNonNullType(type) ? type.ofType : type;
    const otherwise = isNonNullType(type) ? 'return undefined;' : `${variable} = null;`;
    if (isListType(nullable))
      return compound(empty, otherwise, variable, `${projectList(nullable.ofType, selections)}(${variable})`);
    if (selections !== undefined) {
      const project = `typeof ${variable} === "object" && !Array.isArray(${variable}) ? ${projectObject(selections)}(${variable}) : undefined`;
      return compound(empty, otherwise, variable, project);
    }
    return `if (${empty}) { ${otherwise} } else { ${leafStatements(program, nullable as GraphQLLeafType, variable)} }`;
  }

  function compound(empty: string, otherwise: string, variable: string, project: string): string {
    return `if (${empty}) { ${otherwise} } else { ${variable} = ${project}; if (${variable} === undefined) return undefined; }`;
  }

  function projectList(item: GraphQLOutputType, selections: Selections | undefined): string {
    const key = `${selections?.id ?? ''} ${String(item)}`;
    let name = lists.get(key);
    if (name !== undefined) return name;
    const statements = valueStatements(item, 'v', selections);
    name = program.declare(
      (own) => `function ${own}(list) {
      if (!Array.isArray(list)) return undefined;
      const r = list.slice();
      for (let i = 0; i < r.length; i++) { let v = r[i]; ${statements} r[i] = v; }
      return r;
    }`,
    );
    lists.set(key, name);
    return name;
  }

  return projectObject(view.root);
}

/** What `leafValue` does, as source. */
function leafStatements(program: Program, type: GraphQLLeafType, variable: string): string {
  const unless = (condition: string) => `if (!(${condition})) return undefined;`;
  // A number may have been kept as its text, for a custom scalar's sake.
  const unlessDouble = (check: string) =>
    `if (!(${check})) { ${variable} = ${program.constant(toDouble)}(${variable}); ${unless(check)} }`;
  if (isEnumType(type))
    return unless(
      isOneOf(
        program,
        variable,
        type.getValues().map(({ name }) => name),
      ),
    );
  switch (type.name) {
    case GraphQLString.name:
      return unless(`typeof ${variable} === "string"`);
    case GraphQLBoolean.name:
      return unless(`typeof ${variable} === "boolean"`);
    case GraphQLInt.name:
      return unlessDouble(`typeof ${variable} === "number" && (${variable} | 0) === ${variable}`);
    case GraphQLFloat.name:
      return unlessDouble(`Number.isFinite(${variable})`);
    case GraphQLID.name:
      return `if (typeof ${variable} !== "string") { ${variable} = ${program.constant(idText)}(${variable}); ${unless(`${variable} !== undefined`)} }`;
    default:
      return `if (typeof ${variable} === "object" && ${program.constant(isTooDeep)}(${variable})) return undefined;`;
  }
}

function fieldIdentity({ key, name, kind, fieldName, type, selections }: ViewField): string {
  return [key, name, kind, fieldName, String(type), selections?.id].join(' ');
}

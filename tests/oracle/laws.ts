// Reads from the subgraphs' own SDL what holds for the data, independently of what the gateway makes of the supergraph.
import {
  type ConstDirectiveNode,
  type DocumentNode,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  parse,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type SupergraphCase, subgraphSdl } from './supergraphs.ts';
import { type Laws, parseSelection, type Requirement } from './world.ts';

export interface SubgraphModel {
  readonly name: string;
  readonly schema: GraphQLSchema;
  /** Resolvable keys by type. */
  readonly keys: ReadonlyMap<string, readonly SelectionSetNode[]>;
}

export interface Model {
  readonly laws: Laws;
  readonly subgraphs: readonly SubgraphModel[];
}

export function readModel({ subgraphs }: SupergraphCase, supergraph: GraphQLSchema): Model {
  const documents = Object.entries(subgraphs).map(([name, sdl]) => ({
    name,
    document: parse(subgraphSdl(sdl)),
  }));
  const models = documents.map(({ name, document }) => ({
    name,
    schema: buildSubgraphSchema([{ typeDefs: document }]),
    keys: new Map(typesOf(document).map((type) => [type.name.value, keysOf(type.directives, true)])),
  }));
  const keyFields = new Map<string, Set<string>>();
  const requirements = new Map<string, Requirement>();
  const contextTypes = new Map<string, string>();
  for (const { document } of documents) {
    for (const type of typesOf(document)) {
      const context = named(type.directives, 'context')[0];
      if (context !== undefined) contextTypes.set(String(argument(context, 'name')), type.name.value);
      const fields = keyFields.get(type.name.value) ?? new Set();
      for (const key of keysOf(type.directives, false))
        for (const node of key.selections) if (node.kind === Kind.FIELD) fields.add(node.name.value);
      if (fields.size > 0) keyFields.set(type.name.value, fields);
    }
  }
  for (const { document } of documents) {
    for (const type of typesOf(document)) {
      for (const field of type.fields ?? []) {
        const requires = named(field.directives, 'requires')[0];
        const contexts = (field.arguments ?? []).flatMap(({ name, directives }) => {
          const from = named(directives, 'fromContext')[0];
          if (from === undefined) return [];
          const [, context = '', selection = ''] =
            /^\$(\w+)\s*\{(.*)\}$/s.exec(String(argument(from, 'field')).trim()) ?? [];
          return [
            {
              argument: name.value,
              type: contextTypes.get(context) ?? '',
              fields: parseSelection(selection),
            },
          ];
        });
        if (requires === undefined && contexts.length === 0) continue;
        const needs =
          requires === undefined ? undefined : parseSelection(String(argument(requires, 'fields')));
        requirements.set(`${type.name.value}.${field.name.value}`, {
          contexts,
          ...(needs !== undefined && { needs }),
        });
      }
    }
  }
  const interfacesOf = (type: string) => {
    const found = supergraph.getType(type);
    return found !== undefined && 'getInterfaces' in found
      ? found.getInterfaces().map(({ name }) => name)
      : [];
  };
  const familyOf = (type: string) => [type, ...interfacesOf(type)];
  return {
    subgraphs: models,
    laws: {
      schema: supergraph,
      spaceOf: (type) =>
        interfacesOf(type).find((name) => keyFields.has(name)) ?? (keyFields.has(type) ? type : undefined),
      isKeyField: (type, field) => familyOf(type).some((name) => keyFields.get(name)?.has(field) ?? false),
      membersOf: (abstract) => commonMembers(abstract, models, supergraph),
      requirementOf: (type, field) =>
        familyOf(type)
          .map((name) => requirements.get(`${name}.${field}`))
          .find((found) => found !== undefined),
    },
  };
}

function commonMembers(
  abstract: string,
  models: readonly SubgraphModel[],
  supergraph: GraphQLSchema,
): string[] {
  const all = supergraph.getType(abstract);
  if (!isAbstractType(all)) return [abstract];
  const lists = models.flatMap(({ schema }) => {
    const type = schema.getType(abstract);
    if (!isAbstractType(type)) return [];
    const members = schema.getPossibleTypes(type).map(({ name }) => name);
    return members.length === 0 ? [] : [members];
  });
  const [first = []] = lists;
  return first.filter((name) => lists.every((list) => list.includes(name)));
}

function typesOf(document: DocumentNode) {
  return document.definitions.filter(
    (node) => node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION,
  );
}

function named(directives: readonly ConstDirectiveNode[] | undefined, name: string): ConstDirectiveNode[] {
  return (directives ?? []).filter((directive) => directive.name.value === name);
}

function argument(directive: ConstDirectiveNode, name: string): unknown {
  const value = directive.arguments?.find((node) => node.name.value === name)?.value;
  return value === undefined ? undefined : valueFromASTUntyped(value);
}

function keysOf(
  directives: readonly ConstDirectiveNode[] | undefined,
  resolvableOnly: boolean,
): SelectionSetNode[] {
  return named(directives, 'key')
    .filter((key) => !resolvableOnly || argument(key, 'resolvable') !== false)
    .map((key) => parseSelection(String(argument(key, 'fields'))));
}

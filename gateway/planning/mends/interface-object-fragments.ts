// Mend of a defect of the planner (2.14.4): below a field of an interface that a subgraph knows as an `@interfaceObject`,
// it finds no way for a fragment on another interface or a union. For the objects that are of both types it does.
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type InlineFragmentNode,
  isAbstractType,
  isInterfaceType,
  Kind,
  type NamedTypeNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { argumentOf, directivesNamed, fieldsDefinitions } from './supergraph-document.ts';

/** The interfaces that some subgraph knows as an `@interfaceObject`. */
export function interfaceObjectsOf(supergraph: DocumentNode): ReadonlySet<string> {
  const names = fieldsDefinitions(supergraph)
    .filter((type) =>
      directivesNamed(type, 'join__type').some(
        (directive) => argumentOf(directive, 'isInterfaceObject') === true,
      ),
    )
    .map(({ name }) => name.value);
  return new Set(names);
}

/** The document with such fragments written out type by type. */
export function writeOutFragments(
  document: DocumentNode,
  schema: GraphQLSchema,
  interfaceObjects: ReadonlySet<string>,
): DocumentNode {
  if (interfaceObjects.size === 0) return document;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const types = new TypeInfo(schema);

  function writtenOut(
    directives: InlineFragmentNode['directives'],
    { typeCondition, selectionSet }: Pick<InlineFragmentNode, 'typeCondition' | 'selectionSet'>,
  ): InlineFragmentNode | undefined {
    const parent = types.getParentType();
    const other = typeCondition && schema.getType(typeCondition.name.value);
    if (!isInterfaceType(parent) || !interfaceObjects.has(parent.name)) return undefined;
    if (!isAbstractType(other) || other === parent || schema.isSubType(other, parent)) return undefined;
    const members = schema.getPossibleTypes(other).filter((type) => schema.isSubType(parent, type));
    const selections = members.map(
      ({ name }): InlineFragmentNode => ({
        kind: Kind.INLINE_FRAGMENT,
        typeCondition: named(name),
        selectionSet,
      }),
    );
    return {
      kind: Kind.INLINE_FRAGMENT,
      ...(directives !== undefined && { directives }),
      selectionSet: { kind: Kind.SELECTION_SET, selections },
    };
  }

  return visit(
    document,
    visitWithTypeInfo(types, {
      InlineFragment: (node) => writtenOut(node.directives, node),
      FragmentSpread(node) {
        const fragment = fragments.get(node.name.value);
        return fragment && writtenOut(node.directives, fragment);
      },
    }),
  );
}

function named(name: string): NamedTypeNode {
  return { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: name } };
}

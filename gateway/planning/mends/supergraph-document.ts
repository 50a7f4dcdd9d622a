// What the mends of the supergraph need to read and write of its SDL.
import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql';

export type FieldsDefinition = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;

export function isFieldsDefinition(node: { readonly kind: string }): node is FieldsDefinition {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION;
}

export function fieldsDefinitions(document: DocumentNode): FieldsDefinition[] {
  return document.definitions.filter(isFieldsDefinition);
}

export function directivesNamed(
  node: { readonly directives?: readonly ConstDirectiveNode[] | undefined },
  name: string,
): ConstDirectiveNode[] {
  return (node.directives ?? []).filter((directive) => directive.name.value === name);
}

/** The value of a string, enum or boolean argument. */
export function argumentOf(directive: ConstDirectiveNode, name: string): string | boolean | undefined {
  const value = directive.arguments?.find((node) => node.name.value === name)?.value;
  return value !== undefined && 'value' in value ? value.value : undefined;
}

export function parseSelection(fields: string): SelectionSetNode {
  const [definition] = parse(`{${fields}}`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`${fields} is no field set`);
  return definition.selectionSet;
}

/** The name of the type inside of lists and non-nulls. */
export function typeNameOf({ type }: FieldDefinitionNode): string {
  let inner = type;
  while (inner.kind !== Kind.NAMED_TYPE) inner = inner.type;
  return inner.name.value;
}

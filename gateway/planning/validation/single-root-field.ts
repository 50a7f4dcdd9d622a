import {
  type ASTVisitor,
  type DirectiveNode,
  type FieldNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

const CONDITIONS = new Set(['skip', 'include']);

interface RootSelection {
  /** By response name. */
  readonly fields: Map<string, FieldNode[]>;
  readonly conditions: DirectiveNode[];
}

/**
 * "Single root field" as the specification has it since September 2025: a subscription selects one field, none of the
 * introspection, whatever its variables are, so that `@skip` and `@include` may not stand there nor on a fragment that is
 * spread there. In the place of graphql-js 16's rule, which knows nothing of the last part, and throws where such a condition
 * is a variable.
 */
export function SingleRootFieldRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      if (operation.operation !== 'subscription') return;
      const named =
        operation.name === undefined ? 'Anonymous Subscription' : `Subscription "${operation.name.value}"`;
      const report = (what: string, nodes: readonly (FieldNode | DirectiveNode)[]) =>
        context.reportError(new GraphQLError(`${named} must ${what}`, { nodes }));
      const { fields, conditions } = rootSelectionOf(operation, context);
      if (conditions.length > 0)
        return report('not use `@skip` or `@include` directives in the top level selection.', conditions);
      const [, ...others] = fields.values();
      if (others.length > 0) report('select only one top level field.', others.flat());
      for (const nodes of fields.values()) {
        if (nodes[0]?.name.value.startsWith('__'))
          report('not select an introspection top level field.', nodes);
      }
    },
  };
}

function rootSelectionOf(operation: OperationDefinitionNode, context: ValidationContext): RootSelection {
  const fields = new Map<string, FieldNode[]>();
  const conditions: DirectiveNode[] = [];
  const spread = new Set<string>();
  collect(operation.selectionSet);
  return { fields, conditions };

  function collect({ selections }: SelectionSetNode): void {
    for (const selection of selections) {
      for (const directive of selection.directives ?? [])
        if (CONDITIONS.has(directive.name.value)) conditions.push(directive);
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        collect(selection.selectionSet);
      } else if (selection.kind === Kind.FIELD) {
        const name = selection.alias?.value ?? selection.name.value;
        const known = fields.get(name);
        if (known === undefined) fields.set(name, [selection]);
        else known.push(selection);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = context.getFragment(selection.name.value);
        if (fragment != null) collect(fragment.selectionSet);
      }
    }
  }
}

// Introspection is answered here: the API schema never changes while a supergraph serves.
import {
  type DocumentNode,
  executeSync,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import type { Variables } from '#gateway/execution/compiled-operation.ts';
import type { ViewField } from './client-view.ts';
import type { IntrospectionSource } from './projection.ts';

/** Answers `__schema` and `__type`. What depends on no variable is computed once. */
export interface Introspection extends IntrospectionSource {
  /** The variables of the projection that runs next. */
  variables: Variables;
}

export function createIntrospection(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Introspection {
  const constant = new Map<ViewField, unknown>();
  const usesVariables = new Map<ViewField, boolean>();

  function compute(field: ViewField, variables: Variables): unknown {
    const document: DocumentNode = {
      kind: Kind.DOCUMENT,
      definitions: [
        {
          kind: Kind.OPERATION_DEFINITION,
          operation: OperationTypeNode.QUERY,
          variableDefinitions: operation.variableDefinitions,
          selectionSet: { kind: Kind.SELECTION_SET, selections: field.nodes },
        },
        ...fragments.values(),
      ],
    };
    const { data, errors } = executeSync({ schema, document, variableValues: variables });
    if (errors !== undefined) throw new GraphQLError('Introspection failed.', { originalError: errors[0] });
    return data?.[field.key];
  }

  return {
    variables: {},
    value(field) {
      let varies = usesVariables.get(field);
      if (varies === undefined) usesVariables.set(field, (varies = dependsOnVariables(field, fragments)));
      if (varies) return compute(field, this.variables);
      if (!constant.has(field)) constant.set(field, compute(field, this.variables));
      return constant.get(field);
    },
  };
}

/** Any fragment of the document counts: telling which are reached is not worth the while. */
function dependsOnVariables(
  field: ViewField,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): boolean {
  let found = false;
  for (const node of [...field.nodes, ...fragments.values()]) {
    visit(node, {
      Variable() {
        found = true;
      },
    });
  }
  return found;
}

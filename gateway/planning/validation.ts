// Planning: what is refused before it is planned.
import { type DocumentNode, GraphQLError, type GraphQLSchema, validate, visit } from 'graphql';

/** Directives of incremental delivery, which this gateway does not offer. */
const INCREMENTAL = new Set(['defer', 'stream']);

/**
 * Validates an operation against the API schema. A `@defer` or `@stream` is refused as such: answering it in one piece
 * would be allowed, but a client that asks for parts should learn that there are none.
 */
export function validateOperation(schema: GraphQLSchema, document: DocumentNode): GraphQLError[] {
  const refused: GraphQLError[] = [];
  visit(document, {
    Directive(node) {
      const name = node.name.value;
      if (!INCREMENTAL.has(name) || schema.getDirective(name) != null) return;
      const extensions = { code: 'INCREMENTAL_DELIVERY_NOT_SUPPORTED' };
      refused.push(
        new GraphQLError(`This gateway answers in one piece: @${name} is not supported.`, {
          nodes: node,
          extensions,
        }),
      );
    },
  });
  if (refused.length > 0) return refused;
  return validate(schema, document).map(
    ({ message, nodes }) =>
      new GraphQLError(message, { nodes, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }),
  );
}

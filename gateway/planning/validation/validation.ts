// Planning: what is refused before it is planned.
import {
  type ASTVisitor,
  type DocumentNode,
  type FloatValueNode,
  getNamedType,
  GraphQLError,
  GraphQLFloat,
  type GraphQLSchema,
  type IntValueNode,
  SingleFieldSubscriptionsRule,
  specifiedRules,
  validate,
  type ValidationContext,
  visit,
} from 'graphql';
import { bounded } from './bounded-messages.ts';
import { SingleRootFieldRule } from './single-root-field.ts';

/** Directives of incremental delivery, which this gateway does not offer. */
const INCREMENTAL = new Set(['defer', 'stream']);
const RULES = [
  ...specifiedRules.filter((rule) => rule !== SingleFieldSubscriptionsRule),
  SingleRootFieldRule,
  FiniteFloatsRule,
];
/** A document may be wrong in thousands of places; whoever wrote it learns from the first few. */
const MAX_ERRORS = 50;
/** To find the place of an error in a text takes as long as reading it. */
const MAX_ERRORS_OF_LONG_TEXT = 5;
const LONG_TEXT = 100_000;
const GAVE_UP = 'Validation aborted.';
const TOO_COMPLEX = new GraphQLError(
  'The document names the same fields too often to check that they can be merged.',
  { extensions: { code: 'OPERATION_TOO_COMPLEX' } },
);

/**
 * Validates an operation against the API schema. A `@defer` or `@stream` is refused as such: answering it in one piece
 * would be allowed, but a client that asks for parts should learn that there are none.
 */
export function validateOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  hideSuggestions = false,
): GraphQLError[] {
  const maxErrors = (document.loc?.end ?? 0) > LONG_TEXT ? MAX_ERRORS_OF_LONG_TEXT : MAX_ERRORS;
  const refused: GraphQLError[] = [];
  visit(document, {
    Directive(node) {
      const name = node.name.value;
      if (!INCREMENTAL.has(name) || schema.getDirective(name) != null) return;
      if (refused.length === maxErrors) return;
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
  const errors = validate(schema, document, RULES, { maxErrors, hideSuggestions });
  // Alone, it says that graphql-js has given up comparing fields that may overlap.
  const [first] = errors;
  if (first !== undefined && errors.length === 1 && first.message === GAVE_UP) return [TOO_COMPLEX];
  return errors.map((error) => bounded(error, 'GRAPHQL_VALIDATION_FAILED'));
}

/** A literal that no double holds is no Float, as it is none in a variable: graphql-js takes `1e400` for Infinity. */
function FiniteFloatsRule(context: ValidationContext): ASTVisitor {
  const check = (node: IntValueNode | FloatValueNode): void => {
    if (Number.isFinite(Number(node.value)) || getNamedType(context.getInputType()) !== GraphQLFloat) return;
    const message = `Float cannot represent non numeric value: ${node.value}`;
    context.reportError(new GraphQLError(message, { nodes: node }));
  };
  return { IntValue: check, FloatValue: check };
}

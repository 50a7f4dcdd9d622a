// Planning: what an operation's text says, before anything is known of the schema.
import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  visit,
} from 'graphql';
import { bounded, shortened } from './validation/bounded-messages.ts';
import { OperationError, refusedOperation } from './operation-error.ts';

export function parseText(source: string, maxTokens: number | undefined): DocumentNode {
  try {
    return parse(source, { maxTokens });
  } catch (error) {
    if (error instanceof GraphQLError) throw new OperationError([bounded(error, 'GRAPHQL_PARSE_FAILED')]);
    if (error instanceof RangeError)
      throw refusedOperation('The document is nested too deep.', 'GRAPHQL_PARSE_FAILED');
    throw error;
  }
}

export function selectOperation(document: DocumentNode, name: string): OperationDefinitionNode {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const [first] = operations;
  if (name === '') {
    if (first !== undefined && operations.length === 1) return first;
    throw unresolved(
      first === undefined
        ? 'Must provide an operation.'
        : 'Must provide operation name if query contains multiple operations.',
    );
  }
  const named = operations.find((operation) => operation.name?.value === name);
  if (named === undefined) throw unresolved(`Unknown operation named "${name}".`);
  return named;
}

function unresolved(message: string): OperationError {
  return refusedOperation(shortened(message), 'OPERATION_RESOLUTION_FAILURE');
}

/** The same for operations that differ in names, aliases and arguments, which make planning no shorter. */
export function shapeOf(document: DocumentNode, operation: OperationDefinitionNode): string {
  const definitions = document.definitions.filter(
    (node) => node === operation || node.kind === Kind.FRAGMENT_DEFINITION,
  );
  const whole: DocumentNode = { kind: Kind.DOCUMENT, definitions };
  const shape = visit(whole, {
    OperationDefinition: (node) => ({ ...node, name: undefined, variableDefinitions: [] }),
    Field: (node) => ({ ...node, alias: undefined, arguments: [] }),
  });
  return hashOf(print(shape));
}

export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}

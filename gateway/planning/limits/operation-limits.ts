import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  OperationTypeNode,
  Source,
  TokenKind,
  visit,
} from 'graphql';
import type { GatewayConfig } from '#gateway/settings.ts';
import { countIntrospection, mostIntrospection } from '#gateway/planning/introspection-size.ts';
import type { DocumentLimits } from '#gateway/planning/planning-settings.ts';
import { refusedOperation } from '#gateway/planning/operation-error.ts';
import type { OperationLimits } from '#gateway/planning/planning.ts';
import { countTypedSelections } from './typed-selections.ts';
import { createCounter, type OperationCounts } from './selection-counts.ts';

/**
 * Bounds on what a client may ask, whichever transport it uses: what is too much is refused before anything that takes
 * more than linear time sees it. The names are those of Apollo Router's limits.
 */
export function useLimits({
  limits,
  introspection,
}: Pick<GatewayConfig, 'introspection'> & { readonly limits: DocumentLimits }): OperationLimits {
  return {
    maxTokens: limits.maxDocumentTokens,
    checkSource: (source) => checkNesting(source, limits),
    checkDocument(document) {
      const count = createCounter(document);
      for (const definition of document.definitions)
        if (definition.kind === Kind.OPERATION_DEFINITION)
          checkCounts(definition.operation, count(definition), limits);
      if (!introspection) refuseIntrospection(document);
    },
    checkOperation(schema, document, operation) {
      const count = countTypedSelections(schema, document, operation);
      check(
        count,
        limits.maxTypedSelections,
        'MAX_TYPED_SELECTIONS_LIMIT',
        'fields over all types that they may be asked of',
      );
      checkIntrospection(schema, document, operation);
    },
  };
}

const OPENING = new Set<TokenKind>([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING = new Set<TokenKind>([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/** The parser calls itself for each bracket, and would run out of stack. A syntax error is left to it. */
function checkNesting(source: string, { maxDocumentTokens, maxNesting }: DocumentLimits): void {
  if (source.length <= maxNesting || !hasMoreBrackets(source, maxNesting)) return;
  const lexer = new Lexer(new Source(source));
  let nesting = 0;
  for (let count = 0; count <= maxDocumentTokens; count += 1) {
    const kind = nextKind(lexer);
    if (kind === undefined || kind === TokenKind.EOF) return;
    if (OPENING.has(kind)) nesting += 1;
    else if (CLOSING.has(kind)) nesting -= 1;
    if (nesting > maxNesting)
      throw refusedOperation(
        `The document has brackets more than ${maxNesting} deep within each other.`,
        'GRAPHQL_PARSE_FAILED',
      );
  }
}

/** Wherever they stand: a first look that finds too much, in texts and comments, and costs next to nothing. */
function hasMoreBrackets(source: string, max: number): boolean {
  let count = 0;
  for (let i = 0; i < source.length; i += 1) {
    const character = source[i];
    if (character === '{' || character === '[' || character === '(') count += 1;
    if (count > max) return true;
  }
  return false;
}

function nextKind(lexer: Lexer): TokenKind | undefined {
  try {
    return lexer.advance().kind;
  } catch {
    return undefined;
  }
}

function check(count: number, max: number, code: string, what: string): void {
  if (count <= max) return;
  const counted = Number.isSafeInteger(count) ? `${count}` : 'far more';
  throw refusedOperation(
    `The operation has ${counted} ${what}; at most ${max} are allowed. Fragments count wherever they are spread.`,
    code,
  );
}

function checkCounts(kind: OperationTypeNode, counts: OperationCounts, limits: DocumentLimits): void {
  if (counts.depth > limits.maxDepth)
    throw refusedOperation(
      `The operation is ${counts.depth} levels deep; at most ${limits.maxDepth} are allowed.`,
      'OPERATION_TOO_DEEP',
    );
  check(counts.rootFields, limits.maxRootFields, 'MAX_ROOT_FIELDS_LIMIT', 'root fields');
  if (kind === OperationTypeNode.MUTATION)
    check(
      counts.rootFields,
      limits.maxMutationFields,
      'MAX_MUTATION_FIELDS_LIMIT',
      'root fields of a mutation',
    );
  check(counts.aliases, limits.maxAliases, 'MAX_ALIASES_LIMIT', 'aliases');
  check(counts.directives, limits.maxDirectives, 'MAX_DIRECTIVES_LIMIT', 'directives');
  check(counts.height, limits.maxHeight, 'MAX_HEIGHT_LIMIT', 'fields');
  check(
    counts.selections,
    limits.maxRecursiveSelections,
    'MAX_RECURSIVE_SELECTIONS_LIMIT',
    'recursive selections',
  );
}

function checkIntrospection(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): void {
  if (!asksForSchema(document)) return;
  const most = mostIntrospection(schema);
  if (countIntrospection(schema, document, operation, most) > most)
    throw refusedOperation(
      `The operation asks for more than ${most} values of the schema, and so for more than the usual introspection query does. Ask for less at once.`,
      'MAX_INTROSPECTION_LIMIT',
    );
}

function asksForSchema(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Field({ name: { value } }) {
      found ||= value === '__schema' || value === '__type';
    },
  });
  return found;
}

function refuseIntrospection(document: DocumentNode): void {
  visit(document, {
    Field({ name: { value } }) {
      if (value === '__schema' || value === '__type')
        throw refusedOperation('Introspection is turned off.', 'INTROSPECTION_DISABLED');
    },
  });
}

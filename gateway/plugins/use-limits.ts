import { type DocumentNode, Kind, Lexer, Source, TokenKind, visit } from 'graphql';
import type { GatewayConfig } from '#gateway/config.ts';
import type { DocumentLimits } from '#gateway/planning/planning-config.ts';
import { refusedOperation } from '#gateway/planning/operation-error.ts';
import type { OperationLimits } from '#gateway/planning/planning.ts';
import { createCounter, type OperationCounts } from '#gateway/planning/selection-counts.ts';

/**
 * Bounds on what a client may ask, whichever transport it uses: what is too much is refused before anything that takes
 * more than linear time sees it. The names are those of Apollo Router's limits.
 */
export function useLimits({
  limits,
  introspection,
}: Pick<GatewayConfig, 'introspection'> & { readonly limits: DocumentLimits }): OperationLimits {
  return {
    checkSource: (source) => checkTokens(source, limits),
    checkDocument(document) {
      const count = createCounter(document);
      for (const definition of document.definitions)
        if (definition.kind === Kind.OPERATION_DEFINITION) checkCounts(count(definition), limits);
      if (!introspection) refuseIntrospection(document);
    },
  };
}

const OPENING = new Set<TokenKind>([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING = new Set<TokenKind>([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/** The parser calls itself for each bracket, and would run out of stack. A syntax error is left to it. */
function checkTokens(source: string, { maxDocumentTokens, maxNesting }: DocumentLimits): void {
  // A token has at least one character.
  if (source.length <= maxDocumentTokens && source.length <= maxNesting) return;
  const lexer = new Lexer(new Source(source));
  let nesting = 0;
  for (let count = 0; ; count += 1) {
    const kind = nextKind(lexer);
    if (kind === undefined || kind === TokenKind.EOF) return;
    if (count === maxDocumentTokens)
      throw refusedOperation(
        `The document has more than ${maxDocumentTokens} tokens.`,
        'GRAPHQL_PARSE_FAILED',
      );
    if (OPENING.has(kind)) nesting += 1;
    else if (CLOSING.has(kind)) nesting -= 1;
    if (nesting > maxNesting)
      throw refusedOperation(
        `The document has brackets more than ${maxNesting} deep within each other.`,
        'GRAPHQL_PARSE_FAILED',
      );
  }
}

function nextKind(lexer: Lexer): TokenKind | undefined {
  try {
    return lexer.advance().kind;
  } catch {
    return undefined;
  }
}

function checkCounts(counts: OperationCounts, limits: DocumentLimits): void {
  const check = (count: number, max: number, code: string, what: string): void => {
    if (count <= max) return;
    const counted = Number.isSafeInteger(count) ? `${count}` : 'far more';
    throw refusedOperation(
      `The operation has ${counted} ${what}; at most ${max} are allowed. Fragments count wherever they are spread.`,
      code,
    );
  };
  if (counts.depth > limits.maxDepth)
    throw refusedOperation(
      `The operation is ${counts.depth} levels deep; at most ${limits.maxDepth} are allowed.`,
      'OPERATION_TOO_DEEP',
    );
  check(counts.rootFields, limits.maxRootFields, 'MAX_ROOT_FIELDS_LIMIT', 'root fields');
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

function refuseIntrospection(document: DocumentNode): void {
  visit(document, {
    Field({ name: { value } }) {
      if (value === '__schema' || value === '__type')
        throw refusedOperation('Introspection is turned off.', 'INTROSPECTION_DISABLED');
    },
  });
}

import {
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  Kind,
  Lexer,
  type SelectionSetNode,
  Source,
  TokenKind,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { GatewayConfig } from '#gateway/config.ts';
import type { Planning } from '#gateway/planning/planning.ts';

/**
 * Puts bounds on what a client may ask around a planning, whichever transport uses it: a document that is too long or
 * too deep is refused before anything that takes more than linear time sees it. What has passed is remembered, as
 * clients send the same few documents.
 */
export function useLimits(planning: Planning, config: GatewayConfig): Planning {
  const { maxDocumentTokens, maxDepth } = config.limits;
  const passed = new LRUCache<string, true>({ max: config.planCacheSize });

  function check(source: string): void {
    if (passed.get(source)) return;
    checkTokens(source, maxDocumentTokens);
    checkDocument(planning.parse(source), maxDepth, config.introspection);
    passed.set(source, true);
  }

  return {
    ...planning,
    parse(source) {
      check(source);
      return planning.parse(source);
    },
    kindOf(source, operationName) {
      check(source);
      return planning.kindOf(source, operationName);
    },
    prepare(source, operationName) {
      check(source);
      return planning.prepare(source, operationName);
    },
  };
}

function checkTokens(source: string, max: number): void {
  // A token has at least one character.
  if (source.length <= max) return;
  const lexer = new Lexer(new Source(source));
  for (let count = 0; lexer.advance().kind !== TokenKind.EOF; count += 1) {
    if (count === max) throw refusal(`The document has more than ${max} tokens.`, 'GRAPHQL_PARSE_FAILED');
  }
}

/** Depth counts levels of fields; a fragment is followed where it is used. The document is valid: no cycles. */
function checkDocument(document: DocumentNode, maxDepth: number, introspection: boolean): void {
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition.selectionSet);
  }
  /** Depth below a selection set; fragments are measured once, however often they are spread. */
  const depths = new Map<SelectionSetNode, number>();
  const depthOf = (selectionSet: SelectionSetNode | undefined): number => {
    if (selectionSet === undefined) return 0;
    let depth = depths.get(selectionSet);
    if (depth !== undefined) return depth;
    depth = 0;
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FIELD) {
        checkIntrospection(selection, introspection);
        depth = Math.max(depth, 1 + depthOf(selection.selectionSet));
      } else {
        const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
        depth = Math.max(
          depth,
          depthOf(isSpread ? fragments.get(selection.name.value) : selection.selectionSet),
        );
      }
    }
    depths.set(selectionSet, depth);
    return depth;
  };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const depth = depthOf(definition.selectionSet);
    if (depth > maxDepth) {
      throw refusal(
        `The operation is ${depth} levels deep; at most ${maxDepth} are allowed.`,
        'OPERATION_TOO_DEEP',
      );
    }
  }
}

function checkIntrospection(field: FieldNode, allowed: boolean): void {
  if (allowed || (field.name.value !== '__schema' && field.name.value !== '__type')) return;
  throw refusal('Introspection is turned off.', 'INTROSPECTION_DISABLED');
}

function refusal(message: string, code: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

// Planning: what is kept of operations, bounded by an estimate of the memory that it holds. The length of a text says
// little of that: 1 KB of fragments may be planned and compiled into megabytes, and 1 MB may be one comment.
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** What the cache has to know of an operation. */
export interface CachedOperation {
  /** Tells operations apart, however they are laid out. */
  readonly key: string;
  readonly operationName: string;
  /** Estimate of what it holds. May grow, see {@link OperationCache.grew}. */
  readonly bytes: number;
}

export interface OperationCache<T extends CachedOperation> {
  /** The operation that was last found by this very text. */
  find(source: string, operationName: string): T | undefined;
  findByKey(key: string): T | undefined;
  /** Keeps the operation, and that this text means it. */
  keep(source: string, operation: T): void;
  /** To be told when the operation's `bytes` have grown. */
  grew(operation: T): void;
  /** A valid document that has no operation in the cache yet. */
  document(source: string): DocumentNode | undefined;
  keepDocument(source: string, document: DocumentNode): void;
  values(): T[];
  /** Estimate of all that is held. */
  readonly bytes: number;
}

interface Held<T> {
  readonly operation: T;
  readonly sources: Set<string>;
}

/** Estimates in bytes, measured on Node 26 by the heap after a thousand operations; rather too much than too little. */
const TEXT = 100;
const DOCUMENT = 1_000;
const TOKEN = 500;
const OPERATION = 30_000;
const VARIANT = 15_000;
const SELECTION = 500;
const PLAN_CHARACTER = 10;
/** What introspection answers is kept. */
const SCHEMA_VALUE = 60;

/**
 * @param maxOperations operations that are kept at most
 * @param maxBytes of all that is kept together
 */
export function createOperationCache<T extends CachedOperation>(
  maxOperations: number,
  maxBytes: number,
): OperationCache<T> {
  // Texts and documents have bounds of their own, so that many texts of one operation do not drive out others.
  const bounded = (share: number) => ({ maxSize: Math.max(1, Math.floor(maxBytes * share)) });
  const bySource = new LRUCache<string, Map<string, Held<T>>>({
    ...bounded(1 / 4),
    sizeCalculation: (_, source) => TEXT + textBytes(source),
    dispose(held, source) {
      for (const { sources } of held.values()) sources.delete(source);
    },
  });
  const byKey = new LRUCache<string, Held<T>>({
    max: maxOperations,
    ...bounded(5 / 8),
    sizeCalculation: ({ operation }) => operation.bytes,
    dispose({ operation, sources }, _, reason) {
      if (reason === 'set') return;
      for (const source of sources) {
        const named = bySource.peek(source);
        named?.delete(operation.operationName);
        if (named?.size === 0) bySource.delete(source);
      }
    },
  });
  const documents = new LRUCache<string, DocumentNode>({
    ...bounded(1 / 8),
    sizeCalculation: (document, source) => parsedBytes(source, document),
  });

  return {
    find(source, operationName) {
      const held = bySource.get(source)?.get(operationName);
      if (held === undefined) return undefined;
      // What is in use stays in both.
      byKey.get(held.operation.key);
      return held.operation;
    },
    findByKey: (key) => byKey.get(key)?.operation,
    keep(source, operation) {
      const { key, operationName } = operation;
      let held = byKey.get(key);
      if (held === undefined) byKey.set(key, (held = { operation, sources: new Set() }));
      // It may be larger than all that is kept.
      if (!byKey.has(key)) return;
      held.sources.add(source);
      const named = bySource.get(source);
      if (named === undefined) bySource.set(source, new Map([[operationName, held]]));
      else named.set(operationName, held);
      if (!bySource.has(source)) held.sources.delete(source);
      documents.delete(source);
    },
    grew({ key }) {
      const held = byKey.peek(key);
      // Another object, since the size of the same one is not asked for again.
      if (held !== undefined) byKey.set(key, { ...held });
    },
    document: (source) => documents.get(source),
    keepDocument: (source, document) => void documents.set(source, document),
    values: () => [...byKey.values()].map(({ operation }) => operation),
    get bytes() {
      return bySource.calculatedSize + byKey.calculatedSize + documents.calculatedSize;
    },
  };
}

/** What the estimates are made from. */
export interface OperationSize {
  /** With fragments expanded. */
  readonly selections: number;
  /** Characters of the text, and of the plan as JSON. */
  readonly textLength: number;
  readonly planLength: number;
  /** Values of the schema that it asks for. */
  readonly introspected: number;
}

/** What an operation holds before it has been compiled. */
export function operationBytes(source: string, document: DocumentNode, size: OperationSize): number {
  return OPERATION + parsedBytes(source, document) + compiledBytes(size);
}

/** What a parsed document holds, and its text. */
export function parsedBytes(source: string, document: DocumentNode): number {
  return textBytes(source) + documentBytes(document);
}

/** What each compiled variant of it adds. */
export function variantBytes(size: OperationSize): number {
  return VARIANT + compiledBytes(size);
}

/** A plan that is as long as the text repeats its literals; what is longer than that has a structure. */
function compiledBytes({ selections, textLength, planLength, introspected }: OperationSize): number {
  const structure = Math.max(0, planLength - textLength);
  return SELECTION * selections + planLength + PLAN_CHARACTER * structure + SCHEMA_VALUE * introspected;
}

/** The parser keeps every token with what was made of it. */
function documentBytes({ loc }: DocumentNode): number {
  let tokens = 0;
  for (let token = loc?.startToken; token != null; token = token.next ?? undefined) tokens += 1;
  return DOCUMENT + TOKEN * tokens;
}

/** V8 keeps a text in one byte a character while none needs two. */
function textBytes(text: string): number {
  return /[^\0-\u00FF]/.test(text) ? 2 * text.length : text.length;
}

import { readFile } from 'node:fs/promises';
import { Kind, parse } from 'graphql';

/** A tab that the explorer opens with. */
export interface ExplorerExample {
  readonly query: string;
  /** JSON text, as it stands in the Headers pane. */
  readonly headers?: string;
}

/** The file of examples cannot be used; the message says why. */
export class ExamplesError extends Error {
  override readonly name = 'ExamplesError';
}

/**
 * Reads a GraphQL document whose operations become one tab each, in their order, with the comments above them. A comment
 * `# headers: {…}` fills the tab's Headers pane.
 *
 * @throws {ExamplesError}
 */
export async function readExamples(file: string | undefined): Promise<readonly ExplorerExample[]> {
  if (file === undefined) return [];
  try {
    return splitExamples(await readFile(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ExamplesError(`EXPLORER_EXAMPLES: ${file} cannot be read as GraphQL operations: ${why}`, {
      cause,
    });
  }
}

const HEADERS_COMMENT = /^# headers: (\{.*\})\n/m;

export function splitExamples(text: string): ExplorerExample[] {
  const examples: ExplorerExample[] = [];
  let begin = 0;
  for (const { kind, loc } of parse(text).definitions) {
    if (loc === undefined || kind !== Kind.OPERATION_DEFINITION) throw new Error(`${kind} is no operation`);
    const example = text.slice(begin, loc.end).trim();
    begin = loc.end;
    const headers = HEADERS_COMMENT.exec(example)?.[1];
    examples.push({
      query: `${example.replace(HEADERS_COMMENT, '')}\n`,
      ...(headers !== undefined && { headers }),
    });
  }
  return examples;
}

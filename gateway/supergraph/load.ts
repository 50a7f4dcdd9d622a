import { readFile } from 'node:fs/promises';
import { parseSupergraph, type Supergraph, SupergraphError } from './supergraph.ts';

/**
 * The text of a supergraph file.
 * @throws {SupergraphError} naming the file and why it cannot be read
 */
export async function readSupergraphFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SupergraphError(`cannot read the supergraph file ${file}: ${reason}`, { cause });
  }
}

/**
 * Reads and parses a supergraph file.
 * @throws {SupergraphError} naming the file and what is wrong with it
 */
export async function loadSupergraph(file: string): Promise<Supergraph> {
  return parseSupergraphFile(file, await readSupergraphFile(file));
}

/** {@link parseSupergraph}, with the file's name in the error. */
export function parseSupergraphFile(file: string, sdl: string): Supergraph {
  try {
    return parseSupergraph(sdl);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SupergraphError(`${file} is no usable supergraph: ${reason}`, { cause });
  }
}

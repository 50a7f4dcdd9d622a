import { readFile } from 'node:fs/promises';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

/** The subgraphs in the order they start, with the port each takes on loopback unless told otherwise. */
export const SUBGRAPHS = [
  { name: 'users', port: 4001 },
  { name: 'inventory', port: 4002 },
  { name: 'payments', port: 4003 },
  { name: 'orders', port: 4004 },
] as const;

export type SubgraphName = (typeof SUBGRAPHS)[number]['name'];

/**
 * Composes the four contracts into supergraph SDL.
 * @param urls where each subgraph answers; loopback and the usual port without it.
 * Throws one Error that lists every composition error.
 */
export async function composeSubgraphs(urls: Partial<Record<SubgraphName, string>> = {}): Promise<string> {
  const services = await Promise.all(
    SUBGRAPHS.map(async ({ name, port }) => ({
      name,
      url: urls[name] ?? `http://127.0.0.1:${port}/graphql`,
      typeDefs: parse(await readFile(new URL(`../schema/${name}.graphql`, import.meta.url), 'utf8')),
    })),
  );
  const { supergraphSdl, errors } = composeServices(services);
  if (errors !== undefined)
    throw new Error(
      `The schema does not compose:\n${errors.map((error) => `  ${error.message}`).join('\n')}`,
    );
  return supergraphSdl as string;
}

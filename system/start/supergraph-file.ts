import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { SubgraphName } from '#system/supergraph.ts';

const COMPOSITION_PACKAGE = new URL('../../node_modules/@apollo/composition/package.json', import.meta.url);

/**
 * Writes the supergraph, with the addresses that the subgraphs have this time, for the gateway to read. Composing is left
 * out where the file was composed from the very same parts. Returns whether it was composed anew.
 */
export async function provideSupergraph(file: string, urls: Record<SubgraphName, string>): Promise<boolean> {
  const heading = `# Composed from parts ${await fingerprint(urls)}\n`;
  const existing = await readFile(file, 'utf8').catch(() => '');
  if (existing.startsWith(heading)) return false;
  const { composeSubgraphs } = await import('#system/supergraph.ts');
  await writeFile(`${file}.new`, heading + (await composeSubgraphs(urls)));
  await rename(`${file}.new`, file); // the gateway may be watching: whole or not at all
  return true;
}

async function fingerprint(urls: Record<SubgraphName, string>): Promise<string> {
  const parts = [
    new URL('../supergraph.ts', import.meta.url),
    COMPOSITION_PACKAGE,
    ...Object.keys(urls).map((name) => new URL(`../../schema/${name}.graphql`, import.meta.url)),
  ];
  const hash = createHash('sha256').update(JSON.stringify(urls));
  for (const part of parts) hash.update(await readFile(part).catch(() => ''));
  return hash.digest('hex');
}

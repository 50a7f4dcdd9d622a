/**
 * Composes schema/{users,inventory,payments,orders}.graphql into schema/supergraph.graphql, the contract between
 * subgraphs and gateway, and prints schema/api.graphql, the part of it that clients see.
 */
import { writeFile } from 'node:fs/promises';
import { printSchema } from 'graphql';
import { parseSupergraph } from '#gateway/supergraph/supergraph.ts';
import { composeSubgraphs } from '#system/supergraph.ts';

const supergraph = await composeSubgraphs();
const { apiSchema } = parseSupergraph(supergraph);
await writeFile(new URL('../schema/supergraph.graphql', import.meta.url), supergraph);
await writeFile(new URL('../schema/api.graphql', import.meta.url), `${printSchema(apiSchema)}\n`);
console.log('schema/supergraph.graphql and schema/api.graphql written');

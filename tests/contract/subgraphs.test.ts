import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Kind, parse as parseSdl } from 'graphql';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import codegen from '../../codegen.ts';
import { DATABASES } from '#system/databases.ts';
import { USUAL_PORTS } from '#system/ports/service-ports.ts';
import { ROOT } from '#system/settings.ts';
import { SUBGRAPHS } from '#system/supergraph.ts';

/** Whoever adds a subgraph, or drops one, does so in each of these places. */
const names = SUBGRAPHS.map(({ name }) => name).toSorted();
/** What `npm run generate` writes into schema/, which is nobody's contract. */
const COMPOSED = ['api', 'supergraph'];
/** What docker-compose.yml runs beside the subgraphs. */
const OTHERS = ['gateway', 'migrate', 'postgres', 'seed'];

const list = (folder: string) => readdirSync(path.join(ROOT, folder), { withFileTypes: true });

test('every contract in schema/ belongs to a subgraph, and every subgraph has one', () => {
  const contracts = list('schema').flatMap(({ name }) =>
    name.endsWith('.graphql') ? [path.basename(name, '.graphql')] : [],
  );
  expect(contracts.toSorted()).toEqual([...names, ...COMPOSED].toSorted());
});

test('every folder of subgraphs/ is started, and none is started that is not there', () => {
  const folders = list('subgraphs').flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  expect(folders.toSorted()).toEqual(names);
  expect(Object.keys(USUAL_PORTS).toSorted()).toEqual(names);
  const databases = DATABASES.map(({ name }) => name).filter((name) => name !== 'bus');
  expect(databases.toSorted()).toEqual(names);
});

test('docker-compose.yml runs every subgraph, tells the gateway where it is, and runs nothing unknown', () => {
  const { services } = parse(readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8'), {
    merge: true,
  }) as { services: Record<string, { environment?: Record<string, string> }> };
  expect(Object.keys(services).toSorted()).toEqual([...names, ...OTHERS].toSorted());
  const told = Object.keys(services['gateway']?.environment ?? {}).flatMap((variable) =>
    variable.startsWith('SUBGRAPH_URL_') ? [variable.slice('SUBGRAPH_URL_'.length).toLowerCase()] : [],
  );
  expect(told.toSorted()).toEqual(names);
});

test('the composed supergraph has every subgraph, and types are generated for each', () => {
  const supergraph = readFileSync(path.join(ROOT, 'schema/supergraph.graphql'), 'utf8');
  const composed = [...supergraph.matchAll(/@join__graph\(name: "(\w+)"/g)].map(([, name]) => String(name));
  expect(composed.toSorted()).toEqual(names);
  for (const name of names)
    expect(Object.keys(codegen.generates)).toContain(`subgraphs/${name}/resolvers/types.generated.ts`);
});

test.each(names)('the types of %s know every field of its contract', (name) => {
  const contract = parseSdl(readFileSync(path.join(ROOT, `schema/${name}.graphql`), 'utf8'));
  const file = `subgraphs/${name}/resolvers/types.generated.ts`;
  const generated = readFileSync(path.join(ROOT, file), 'utf8');
  const unknown = contract.definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return [];
    const type = definition.name.value;
    const [declared = ''] = new RegExp(`export type ${type}Resolvers<[^]*?\\n};`).exec(generated) ?? [];
    const fields = (definition.fields ?? []).map((field) => field.name.value);
    return fields.filter((field) => !declared.includes(`\n  ${field}?: `)).map((field) => `${type}.${field}`);
  });
  expect({ file, unknown, mend: 'npm run generate' }).toEqual({
    file,
    unknown: [],
    mend: 'npm run generate',
  });
});

test('every field of every subgraph has a resolver, or a property in what it is resolved from', () => {
  const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const project = path.join(ROOT, 'tests/contract/complete-resolvers.tsconfig.json');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '--project', project], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
});

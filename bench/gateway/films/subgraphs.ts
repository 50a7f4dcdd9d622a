import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, type GraphQLSchema, parse } from 'graphql';
import { FILMS } from './films.ts';

/**
 * A process: all subgraphs of the films workload at one port, `/<name>` each. A body that was seen before is answered
 * from memory, so that what is measured is the gateway. `GET /stats` counts requests. Says `{ port }` over IPC.
 */
const schemas = new Map<string, GraphQLSchema>(
  FILMS.map(({ name, typeDefs, resolvers }) => [
    `/${name}`,
    buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers: { ...resolvers } as never }]),
  ]),
);
const answers = new Map<string, Buffer>();
let requests = 0;

async function answer(url: string, body: string): Promise<Buffer> {
  const key = `${url} ${body}`;
  let bytes = answers.get(key);
  if (bytes === undefined) {
    const schema = schemas.get(url);
    if (schema === undefined) throw new Error(`no subgraph at ${url}`);
    const { query, variables, operationName } = JSON.parse(body);
    const result = await graphql({ schema, source: query, variableValues: variables, operationName });
    if (result.errors !== undefined) console.error(url, body, result.errors);
    answers.set(key, (bytes = Buffer.from(JSON.stringify(result))));
  }
  return bytes;
}

const server = createServer((request, response) => {
  const url = request.url ?? '';
  if (url === '/stats') {
    response.end(JSON.stringify({ requests }));
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    requests += 1;
    void answer(url, Buffer.concat(chunks).toString()).then((bytes) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
      response.end(bytes);
    });
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { FILMS_FLOOR } from './films.ts';

/**
 * A process: the least that Node can do for the films query. It makes the calls that are needed at least, parses every
 * answer, and serialises an answer of the right size; of federation it knows nothing.
 * Environment: PORT, SUBGRAPHS (an origin), ANSWER (a file with the right answer).
 */
const pool = new Pool(process.env['SUBGRAPHS'] ?? '', { connections: 64 });
const answer: unknown = JSON.parse(readFileSync(process.env['ANSWER'] ?? '', 'utf8'));

async function call(subgraph: string, query: string, representations?: readonly object[]): Promise<unknown> {
  const { body } = await pool.request({
    method: 'POST',
    path: `/${subgraph}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { representations } }),
  });
  return body.json();
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString() || '{}');
    void respond().then((text) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      });
      response.end(text);
    });
  });
});

async function respond(): Promise<string> {
  for (const round of FILMS_FLOOR) await Promise.all(round.map((request) => call(...request)));
  return JSON.stringify(answer);
}

server.listen(Number(process.env['PORT']), '127.0.0.1');

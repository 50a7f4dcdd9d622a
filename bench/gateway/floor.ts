import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Pool } from 'undici';

/**
 * A process: the least that Node can do for one query. It makes the calls that are needed at least, parses every answer,
 * and serialises an answer of the right size; of federation it knows nothing.
 * Environment: PORT, ORDER (a file with a `FloorOrder` as JSON).
 */
export interface FloorOrder {
  /** Of every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Calls that need nothing of one another are made at once, one round after the other. */
  readonly rounds: readonly (readonly FloorCall[])[];
  /** The right answer. */
  readonly answer: unknown;
}

export interface FloorCall {
  readonly url: string;
  readonly query: string;
  readonly representations?: readonly object[];
}

const order = JSON.parse(readFileSync(process.env['ORDER'] ?? '', 'utf8')) as FloorOrder;
const headers = { 'content-type': 'application/json', ...order.headers };
const pools = new Map<string, Pool>();

async function call({ url, query, representations }: FloorCall): Promise<void> {
  const { origin, pathname } = new URL(url);
  let pool = pools.get(origin);
  if (pool === undefined) pools.set(origin, (pool = new Pool(origin, { connections: 64 })));
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: pathname,
    headers,
    body: JSON.stringify({ query, variables: { representations } }),
  });
  const answer = (await body.json()) as { errors?: unknown };
  if (statusCode !== 200 || answer.errors !== undefined)
    throw new Error(`${url} answered ${statusCode} to ${query}: ${JSON.stringify(answer)}`);
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
  for (const round of order.rounds) await Promise.all(round.map(call));
  return JSON.stringify(order.answer);
}

server.listen(Number(process.env['PORT']), '127.0.0.1');

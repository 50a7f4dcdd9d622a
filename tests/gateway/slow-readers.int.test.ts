import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startStubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { until } from '#tests/support/until.ts';
import { startGateway } from './support/start-gateway.ts';

/** Just below what is sent from memory that is used again. */
const LENGTH = 900_000;
const SLOW_CLIENTS = 3;
/** More than a system keeps of a connection in its buffers. */
const ANSWERS_EACH = 20;

const FILLING = {
  name: 'filling',
  typeDefs: `type Query { fill(letter: String!): String }`,
  resolvers: { Query: { fill: (_: never, { letter }: { letter: string }) => letter.repeat(LENGTH) } },
};

const queryOf = (letter: string) => `{ fill(letter: "${letter}") }`;
const answerOf = (letter: string) => JSON.stringify({ data: { fill: letter.repeat(LENGTH) } });
const lettersOf = (client: number) =>
  Array.from({ length: ANSWERS_EACH }, (_, n) => String.fromCharCode(97 + client * 7 + (n % 7)));

/** Sends all requests at once and reads nothing. */
async function askWithoutReading(url: URL, letters: readonly string[]): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname).pause();
  await once(socket, 'connect');
  for (const letter of letters) {
    const body = JSON.stringify({ query: queryOf(letter) });
    socket.write(
      `POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }
  return socket;
}

/** The bodies of the next `count` responses. */
async function readBodies(socket: Socket, count: number): Promise<string[]> {
  const bodies: string[] = [];
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) {
    text += chunk;
    for (let head = text.indexOf('\r\n\r\n'); head !== -1; head = text.indexOf('\r\n\r\n')) {
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1]);
      const end = head + 4 + length;
      if (text.length < end) break;
      bodies.push(text.slice(head + 4, end));
      text = text.slice(end);
    }
    if (bodies.length === count) break;
  }
  return bodies;
}

test('who reads slowly gets the bytes of the own answers, however many others are answered meanwhile', async () => {
  await using stubs = await startStubSubgraphs([FILLING]);
  await using running = await startGateway(stubs.supergraphSdl);
  const url = new URL(running.url);
  const slow = await Promise.all(
    Array.from({ length: SLOW_CLIENTS }, (_, client) => askWithoutReading(url, lettersOf(client))),
  );
  await until(
    async () => (await running.inFlight()) >= SLOW_CLIENTS,
    'every slow client to have an answer under way',
  );
  for (let n = 0; n < 40; n += 1) {
    const { data } = await running.ask(queryOf('z'));
    expect(data?.['fill'] === 'z'.repeat(LENGTH)).toBe(true);
  }
  expect(await running.inFlight()).toBeGreaterThanOrEqual(SLOW_CLIENTS);

  for (const [client, socket] of slow.entries()) {
    const letters = lettersOf(client);
    const bodies = await readBodies(socket, letters.length);
    expect(bodies.map((body, n) => body === answerOf(letters[n] ?? ''))).toEqual(letters.map(() => true));
  }
});

/*
 * Many clients over graphql-transport-ws. Started by main.ts, told what to do over IPC.
 *   {follow}   connects so many clients, spread over so many topics; answers when all are subscribed
 *   {count}    counts deliveries for so long, and how late they were; answers with the sum
 *   {cycle}    connects, subscribes and leaves so many times, so many at once; answers when done
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { nowMs } from './clock.ts';
import { CLIENT_OPERATION } from './schemas.ts';

export type ClientsTask =
  | { readonly do: 'follow'; readonly url: string; readonly clients: number; readonly topics: number }
  | { readonly do: 'count'; readonly ms: number }
  | { readonly do: 'cycle'; readonly url: string; readonly times: number; readonly atOnce: number };

export interface Deliveries {
  readonly delivered: number;
  readonly wrong: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Message {
  readonly type: string;
  readonly payload: {
    readonly data?: {
      readonly orderUpdated: { readonly at: string; readonly user: { readonly name: string } };
    };
  };
}

let delays: number[] = [];
let wrong = 0;

function receive(data: Buffer): void {
  const message = JSON.parse(data.toString()) as Message;
  const order = message.payload.data?.orderUpdated;
  if (message.type !== 'next' || order?.user.name !== 'Ada') wrong += 1;
  else delays.push(nowMs() - Number(order.at));
}

async function subscribe(url: string, topic: string): Promise<WebSocket> {
  const socket = new WebSocket(url, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  const turnedAway = once(socket, 'close').then(([code]) => Promise.reject(new Error(`closed with ${code}`)));
  await Promise.race([once(socket, 'message'), turnedAway]);
  // What comes later is an end like any other.
  turnedAway.catch(() => {});
  socket.on('message', receive);
  socket.send(
    JSON.stringify({
      id: '1',
      type: 'subscribe',
      payload: { query: CLIENT_OPERATION, variables: { id: topic } },
    }),
  );
  return socket;
}

async function run(task: ClientsTask): Promise<Deliveries | 'done'> {
  switch (task.do) {
    case 'follow':
      for (let i = 0; i < task.clients; i += 1) await subscribe(task.url, `o${i % task.topics}`);
      return 'done';
    case 'count': {
      delays = [];
      wrong = 0;
      await new Promise((resolve) => setTimeout(resolve, task.ms));
      const sorted = delays.sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? NaN;
      return { delivered: sorted.length, wrong, p50Ms: at(0.5), p99Ms: at(0.99) };
    }
    case 'cycle': {
      let left = task.times;
      const worker = async () => {
        while (left > 0) {
          left -= 1;
          const socket = await subscribe(task.url, 'o0');
          // Half leave as they should, half just go.
          if (left % 2 === 0) socket.close();
          else socket.terminate();
          await once(socket, 'close');
        }
      };
      await Promise.all(Array.from({ length: task.atOnce }, worker));
      return 'done';
    }
  }
}

process.on('message', (task: ClientsTask) => void run(task).then((answer) => process.send?.(answer)));
process.on('disconnect', () => process.exit());

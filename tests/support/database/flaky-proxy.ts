import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What becomes of a packet that a client has sent. */
export type Fate =
  | 'pass'
  /** It goes astray, and so does everything after it, either way; the connection stays open. */
  | 'stall'
  /** It never arrives, and the connection breaks. */
  | 'cut before'
  /** It arrives, its answer does not, and the connection breaks. */
  | 'cut after'
  /** It arrives, of its answer only the first bytes do, and the connection breaks. */
  | 'cut within';

/** A TCP proxy on loopback that treats what goes through it as bad networks do. */
export interface FlakyProxy extends AsyncDisposable {
  readonly port: number;
  /** The same URL, by way of this proxy. */
  through(url: string): string;
  /** Asked about every packet of a client's. */
  onPacket(decide: (packet: Buffer) => Fate): void;
  /** Breaks this many of the open connections, all unless told. Returns how many there were. */
  cut(atMost?: number): number;
  /** From now on nothing gets through on this many of the open connections, all unless told, though they stay open. */
  stall(atMost?: number): number;
  /** Whether new connections are refused. */
  refuse(refused: boolean): void;
  /** Whether on new connections nothing gets through. */
  stallNew(stalled: boolean): void;
  /** From now on every packet takes so long, either way. */
  delay(ms: number): void;
  /** How many bytes of an answer arrive that is cut within; 1 unless told. */
  cutWithin(bytes: number): void;
}

interface Passage {
  readonly client: Socket;
  readonly server: Socket;
  stalled: boolean;
}

export async function startFlakyProxy(target: { host?: string; port: number }): Promise<FlakyProxy> {
  const open = new Set<Passage>();
  let decide: (packet: Buffer) => Fate = () => 'pass';
  let refused = false;
  let newStalled = false;
  let delayMs = 0;
  let bytesWithin = 1;

  const destroy = ({ client, server }: Passage) => {
    client.destroy();
    server.destroy();
  };

  const later = (pass: () => void) => (delayMs === 0 ? pass() : void setTimeout(pass, delayMs));

  const listening = createServer((client) => {
    if (refused) return void client.resetAndDestroy();
    const server = connect(target.port, target.host ?? '127.0.0.1');
    const passage: Passage = { client, server, stalled: newStalled };
    open.add(passage);
    client.on('data', (packet: Buffer) => {
      const fate = passage.stalled ? 'stall' : decide(packet);
      if (fate === 'stall') passage.stalled = true;
      else if (fate === 'cut before') destroy(passage);
      else {
        if (fate === 'cut after' || fate === 'cut within') {
          // The server answers when it is done: then, and not before, the client learns that nobody answers.
          server.removeAllListeners('data').once('data', (answer: Buffer) => {
            if (fate === 'cut after') return destroy(passage);
            client.end(answer.subarray(0, bytesWithin));
          });
        }
        later(() => server.write(packet));
      }
    });
    server.on('data', (packet: Buffer) => passage.stalled || later(() => client.write(packet)));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => {});
      socket.on('end', () => passage.stalled || other.end());
      socket.on('close', () => {
        if (passage.stalled && socket === server) return;
        open.delete(passage);
        destroy(passage);
      });
    }
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as { port: number };
  const some = (atMost = Number.POSITIVE_INFINITY) => [...open].slice(0, atMost);

  return {
    port,
    through(url) {
      const way = new URL(url);
      way.hostname = '127.0.0.1';
      way.port = String(port);
      return way.href;
    },
    onPacket(next) {
      decide = next;
    },
    cut(atMost) {
      const cut = some(atMost);
      cut.forEach(destroy);
      return cut.length;
    },
    stall(atMost) {
      const stalled = some(atMost).filter((passage) => !passage.stalled);
      for (const passage of stalled) passage.stalled = true;
      return stalled.length;
    },
    refuse(next) {
      refused = next;
    },
    stallNew(next) {
      newStalled = next;
    },
    delay(ms) {
      delayMs = ms;
    },
    cutWithin(bytes) {
      bytesWithin = bytes;
    },
    async [Symbol.asyncDispose]() {
      listening.close();
      for (const passage of open) destroy(passage);
      if (listening.listening) await once(listening, 'close');
    },
  };
}

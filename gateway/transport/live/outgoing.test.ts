import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOutgoing, type Outgoing } from './outgoing.ts';

const MAX_BYTES = 1_000;

/** A client that reads when the test says so. */
function open(outgoing: Outgoing) {
  const outlet = { writableLength: 0 };
  let cut = false;
  const backlog = outgoing.open(outlet, () => {
    cut = true;
  });
  return {
    write(bytes: number) {
      outlet.writableLength += bytes;
      backlog.wrote(bytes);
    },
    read(bytes: number) {
      outlet.writableLength = Math.max(0, outlet.writableLength - bytes);
    },
    look: () => backlog.look(),
    get unread() {
      return outlet.writableLength;
    },
    get cut() {
      return cut;
    },
  };
}

test('one message of any size is let through, and time is given to read it', () => {
  const client = open(createOutgoing(MAX_BYTES));
  client.write(1_000_000);
  expect(client.look()).toBe('reads');
  client.read(999_000);
  expect(client.look()).toBe('reads');
  expect(client.cut).toBe(false);
});

test('what was written a heartbeat ago and is not read by the next is too much', () => {
  const client = open(createOutgoing(MAX_BYTES));
  client.write(5_000);
  client.look();
  client.read(1_000);
  client.look();
  expect(client.cut).toBe(true);
});

test('who reads everything in time is never cut, however much it is', () => {
  const client = open(createOutgoing(MAX_BYTES));
  for (let beat = 0; beat < 100; beat += 1) {
    for (let event = 0; event < 4; event += 1) client.write(3_000);
    expect(client.look()).toBe('reads');
    client.read(12_000);
  }
  expect(client.cut).toBe(false);
});

test('many small writes count for more than their bytes', () => {
  const client = open(createOutgoing(MAX_BYTES));
  for (let n = 0; n < 100; n += 1) client.write(2);
  expect(client.cut).toBe(true);
});

test('where all together are too far behind, those who have been so the longest are cut', () => {
  const outgoing = createOutgoing(MAX_BYTES);
  const idle = Array.from({ length: 10 }, () => open(outgoing));
  for (const client of idle) client.write(10_000);
  const reading = open(outgoing);
  for (let n = 0; n < 10; n += 1) {
    reading.write(10_000);
    reading.read(10_000);
  }
  expect(reading.cut).toBe(false);
  expect(idle.map(({ cut }) => cut)).toEqual([...Array(5).fill(true), ...Array(5).fill(false)]);
});

test('whatever is written and read, what one client leaves unread is bounded until it is cut', () => {
  const step = fc.record({ write: fc.nat(4_000), read: fc.nat(2_000), look: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const client = open(createOutgoing(MAX_BYTES));
      for (const { write, read, look } of steps) {
        if (client.cut) return;
        client.write(write);
        expect(client.cut || client.unread <= 16 * MAX_BYTES + 4_000).toBe(true);
        client.read(read);
        if (look) client.look();
      }
    }),
  );
});

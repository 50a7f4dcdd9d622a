import type { Writable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as ws from 'ws';
import { textFrame } from './frame.ts';

// Not in the library's types.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

/** What a client's own parser makes of a frame. */
function parsed(frame: Buffer): string[] {
  const receiver = new Receiver({ maxPayload: 0 });
  const messages: string[] = [];
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    messages.push(isBinary ? 'binary' : data.toString()),
  );
  receiver.on('error', (error: Error) => messages.push(error.message));
  receiver.write(frame);
  return messages;
}

test.each([0, 1, 100, 125, 126, 127, 65_535, 65_536, 200_000])(
  'a message of %i bytes is one text frame that clients read back',
  (length) => {
    const payload = Buffer.alloc(length, 'p');
    expect(parsed(textFrame('', payload, ''))).toEqual([payload.toString()]);
  },
);

test('head, payload and tail become one message, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      (head, payload) => {
        expect(parsed(textFrame(head, Buffer.from(payload), '}'))).toEqual([`${head}${payload}}`]);
      },
    ),
  );
});

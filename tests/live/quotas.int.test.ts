import { expect, test } from 'vitest';
import { startLiveGateway } from './support/live-gateway.ts';
import { connectAcknowledged, itemChanged, subscribeMessage } from './support/raw-client.ts';

const TOO_MANY = { type: 'error', payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }] };

/** Unsigned: the gateway cannot tell. */
function tokenOf(sub: string, login: number): string {
  const claims = { sub, login, exp: Date.now() / 1_000 + 600 };
  return `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
}

test('a second log-in of a user does not double what the user may have', async () => {
  await using live = await startLiveGateway({ maxSubscriptionsPerUser: 1 });
  await using first = await connectAcknowledged(live.wsUrl, { authorization: tokenOf('ada', 1) });
  await using second = await connectAcknowledged(live.wsUrl, { authorization: tokenOf('ada', 2) });
  first.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);

  // Nothing has come that would show that the first token is good: this one ends when no refusal has come either.
  second.send(subscribeMessage('1', itemChanged('a')));
  expect(await second.next()).toMatchObject(TOO_MANY);
  // From now on it is known.
  second.send(subscribeMessage('2', itemChanged('a')));
  expect(await second.next()).toMatchObject(TOO_MANY);
  live.feed.publish('a');
  expect((await first.next()).type).toBe('next');
  expect([...first.waiting, ...second.waiting]).toEqual([]);
});

test('forged tokens with somebody’s name keep nobody out, whether they are refused or never shown to anybody', async () => {
  await using live = await startLiveGateway({ maxSubscriptionsPerUser: 2 });
  live.feed.refuse('refused');
  const forgers = [];
  for (let login = 0; login < 5; login += 1) {
    const forger = await connectAcknowledged(live.wsUrl, { authorization: tokenOf('victim', login) });
    forgers.push(forger);
    forger.send(subscribeMessage('public', 'subscription { announced(topic: "t") { version } }'));
    forger.send(subscribeMessage('refused', itemChanged('refused')));
    expect(await forger.next()).toMatchObject({ id: 'refused', type: 'error' });
  }
  live.feed.publish('t');
  for (const forger of forgers) expect((await forger.next()).id).toBe('public');

  await using victim = await connectAcknowledged(live.wsUrl, { authorization: tokenOf('victim', 100) });
  for (const id of ['1', '2']) victim.send(subscribeMessage(id, itemChanged(`own-${id}`)));
  await live.feed.until(() => live.feed.active === 3);
  for (const id of ['1', '2']) live.feed.publish(`own-${id}`);
  expect([(await victim.next()).type, (await victim.next()).type]).toEqual(['next', 'next']);
  for (const forger of forgers) await forger[Symbol.asyncDispose]();
});

test('a token that is renewed in band keeps its place', async () => {
  await using live = await startLiveGateway({ maxSubscriptionsPerUser: 1 });
  await using client = await connectAcknowledged(live.wsUrl, { authorization: tokenOf('ada', 1) });
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  await client.next();
  client.send({ type: 'ping', payload: { authorization: tokenOf('ada', 2) } });
  expect((await client.next()).payload).toEqual({ renewed: true });
  await live.feed.until(() => live.feed.subscribed.length === 2 && live.feed.active === 1);
  live.feed.publish('a');
  expect((await client.next()).type).toBe('next');
});

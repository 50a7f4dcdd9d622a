import { expect, test } from 'vitest';
import { startLiveGateway } from './support/live-gateway.ts';
import { connectRaw } from './support/raw-client.ts';

const SHOP = 'https://shop.example';

test('where cookies are forwarded, a WebSocket is for pages that may call the gateway, and for what is no page', async () => {
  await using live = await startLiveGateway(
    {},
    { FORWARD_HEADERS: 'authorization,Cookie', CORS_ORIGINS: SHOP },
  );
  const own = new URL(live.url).origin;
  const connect = (headers: Record<string, string>) =>
    connectRaw(live.wsUrl, 'graphql-transport-ws', { cookie: 'session=1', ...headers });
  for (const headers of [
    {},
    { origin: SHOP },
    { origin: own },
    { origin: 'https://elsewhere.example', 'sec-fetch-site': 'same-origin' },
  ]) {
    await using client = await connect(headers as Record<string, string>);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  }
  for (const origin of [
    'https://evil.example',
    'null',
    '',
    `${SHOP}.evil.example`,
    'http://shop.example',
    '//',
  ]) {
    await expect(connect({ origin })).rejects.toThrow('403');
  }
});

test('where no cookie is forwarded, any page may connect: it has nothing of the user’s but what it was given', async () => {
  await using live = await startLiveGateway({}, { CORS_ORIGINS: SHOP });
  await using client = await connectRaw(live.wsUrl, 'graphql-transport-ws', {
    origin: 'https://evil.example',
  });
  expect(client.socket.readyState).toBe(client.socket.OPEN);
});

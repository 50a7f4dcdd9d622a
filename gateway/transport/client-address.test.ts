import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClientAddress, isAddressOrNetwork } from './client-address.ts';

const proxies = createClientAddress(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']);

test('without trusted proxies a client is where its socket is, whatever it says', () => {
  const addressOf = createClientAddress([]);
  fc.assert(
    fc.property(fc.string(), fc.string(), (listed, forwarded) => {
      expect(addressOf({ 'x-forwarded-for': listed, forwarded }, '127.0.0.1')).toBe('127.0.0.1');
    }),
  );
});

test('IPv4 within IPv6 is IPv4, and IPv6 has one form', () => {
  const addressOf = createClientAddress([]);
  expect(addressOf({}, '::ffff:203.0.113.9')).toBe('203.0.113.9');
  expect(addressOf({}, '::FFFF:cb00:7109')).toBe('203.0.113.9');
  expect(addressOf({}, '2001:0DB8:0:0:0:0:0:1')).toBe('2001:db8::1');
  expect(addressOf({}, 'fe80::1%eth0')).toBe('fe80::1');
  expect(addressOf({}, undefined)).toBeUndefined();
});

describe('X-Forwarded-For', () => {
  test.each([
    ['one proxy', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['what the client wrote before the proxy did', '10.0.0.1', '8.8.8.8, 203.0.113.9', '203.0.113.9'],
    ['two proxies', '10.0.0.1', '8.8.8.8, 203.0.113.9, 10.1.1.1', '203.0.113.9'],
    ['a client among the proxies', '10.0.0.1', '10.9.9.9', '10.9.9.9'],
    ['ports', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['IPv6 with a port', '::ffff:192.0.2.7', '[2a00::5]:80', '2a00::5'],
    ['IPv6 proxies', '2001:db8::9', '2a00:0::5', '2a00::5'],
    ['IPv4 within IPv6', '10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
    ['unknown', '10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
    ['nonsense', '10.0.0.1', '1.2.3.4.5', '10.0.0.1'],
    ['nothing', '10.0.0.1', '', '10.0.0.1'],
    ['from a stranger', '203.0.113.1', '1.1.1.1', '203.0.113.1'],
  ])('%s', (_what, peer, listed, client) => {
    expect(proxies({ 'x-forwarded-for': listed }, peer)).toBe(client);
  });
});

describe('Forwarded', () => {
  test.each([
    ['one proxy', 'for=203.0.113.9', '203.0.113.9'],
    ['its other parameters', 'by=10.0.0.1;For="203.0.113.9:80";proto=https', '203.0.113.9'],
    ['quotes with commas', 'for=8.8.8.8;host="a,b", for="[2a00::5]:1"', '2a00::5'],
    ['a hidden client', 'for=_hidden', '10.0.0.1'],
    ['none', 'proto=https', '10.0.0.1'],
  ])('%s', (_what, forwarded, client) => {
    expect(proxies({ forwarded }, '10.0.0.1')).toBe(client);
  });

  test('does not count beside X-Forwarded-For, which the proxy writes', () => {
    expect(proxies({ 'x-forwarded-for': '203.0.113.9', forwarded: 'for=8.8.8.8' }, '10.0.0.1')).toBe(
      '203.0.113.9',
    );
  });
});

test('addresses and networks are told from anything else', () => {
  for (const text of ['10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32', '0.0.0.0/0'])
    expect(isAddressOrNetwork(text)).toBe(true);
  for (const text of ['', 'localhost', '10.0.0.0/33', '10.0.0.0/8/1', '::1/129', '10.0.0.0/', '10.0.0.0/x'])
    expect(isAddressOrNetwork(text)).toBe(false);
});

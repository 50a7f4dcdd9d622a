import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStubSubgraphs, type StubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { BOOKSHOP } from '#tests/gateway/support/bookshop.ts';
import { runGateway } from '#tests/gateway/support/gateway-process.ts';
import { type RunningGateway, startGateway } from '#tests/gateway/support/start-gateway.ts';

const EXAMPLES = `# How to begin.
query First { warehouse }

# Needs a header.
# headers: { "authorization": "Bearer x" }
query Second { bestYear }
`;
const examplesFile = path.join(tmpdir(), `examples-${process.pid}.graphql`);

let stubs: StubSubgraphs;
let development: RunningGateway;
let production: RunningGateway;

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
  await writeFile(examplesFile, EXAMPLES);
  development = await startGateway(stubs.supergraphSdl, { EXPLORER_EXAMPLES: examplesFile });
  production = await startGateway(stubs.supergraphSdl, {
    NODE_ENV: 'production',
    CORS_ORIGINS: 'https://shop.example/',
  });
});

afterAll(async () => {
  await development[Symbol.asyncDispose]();
  await production[Symbol.asyncDispose]();
  await stubs[Symbol.asyncDispose]();
  await rm(examplesFile, { force: true });
});

async function open(running: RunningGateway, where: string, headers: Record<string, string> = {}) {
  const response = await fetch(new URL(where, running.url), {
    headers: { accept: 'text/html', ...headers },
    redirect: 'manual',
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function directives(headers: Headers): Map<string, string> {
  const policy = headers.get('content-security-policy') ?? '';
  return new Map(
    policy.split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ');
      return [name, values.join(' ')];
    }),
  );
}

/** The scripts that stand in a page, as a browser finds them. */
function inlineScripts(html: string): string[] {
  const scripts: string[] = [];
  for (let from = 0; ; ) {
    const begins = html.indexOf('<script>', from);
    if (begins < 0) return scripts;
    const ends = html.indexOf('</script>', begins);
    scripts.push(html.slice(begins + '<script>'.length, ends));
    from = ends;
  }
}

describe.each(['/graphql', '/explorer'])('the page at %s', (where) => {
  test('can be framed by nobody, is taken for what it is, and runs its own scripts alone', async () => {
    const { status, headers, text } = await open(development, where);
    expect(status).toBe(200);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    const policy = directives(headers);
    expect(policy.get('default-src')).toBe("'none'");
    expect(policy.get('frame-ancestors')).toBe("'none'");
    expect(policy.get('script-src')).not.toMatch(/unsafe|\*/);
    const scripts = inlineScripts(text);
    expect(scripts).toHaveLength(1);
    for (const script of scripts) {
      const hash = createHash('sha256').update(script).digest('base64');
      expect(policy.get('script-src')).toContain(`'sha256-${hash}'`);
    }
  });
});

test('/explorer opens with the examples of EXPLORER_EXAMPLES, their headers in the Headers pane', async () => {
  const { text } = await open(development, '/explorer');
  const options =
    /"defaultTabs":(\[.*?\])\},?\n/.exec(text.slice(text.lastIndexOf('renderYogaGraphiQL(')))?.[1] ?? '[]';
  expect(JSON.parse(options)).toEqual([
    { query: '# How to begin.\nquery First { warehouse }\n' },
    { query: '# Needs a header.\nquery Second { bestYear }\n', headers: '{ "authorization": "Bearer x" }' },
  ]);
});

test('a file of examples that is none keeps the gateway from starting, and the message says why', async () => {
  const args = ['--supergraph', development.supergraphFile, '--port', '0'];
  for (const [file, why] of [
    ['/no/such/file', 'ENOENT'],
    [development.supergraphFile, 'is no operation'],
  ] as const) {
    const { code, output } = await runGateway(args, { EXPLORER_EXAMPLES: file });
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^gateway: EXPLORER_EXAMPLES: ${file} .*${why}.*\\n$`));
  }
});

test('/graphql says at its top what works when Apollo’s CDN is away or hangs', async () => {
  const { text } = await open(development, '/graphql');
  const body = text.slice(text.indexOf('<body>') + '<body>'.length).trimStart();
  expect(body).toMatch(/^<p id="offline">.*<a href="\/explorer">/);
  // A script that hangs holds up nothing behind it.
  expect(text).toMatch(/<script [^>]*\basync\b[^>]*src="https:/);
});

test('/ leads somewhere', async () => {
  const { status, headers } = await open(development, '/');
  expect({ status, to: headers.get('location') }).toEqual({ status: 302, to: '/explorer' });
  const inProduction = await open(production, '/');
  expect(inProduction.status).toBe(200);
  expect(inProduction.text).toContain('/graphql');
});

test('/health/live and /health/ready answer, /health as ever', async () => {
  for (const where of ['/health', '/health/ready']) {
    const { status, headers, text } = await open(development, where);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(JSON.parse(text)).toMatchObject({ status: 'ready', inFlight: 0 });
  }
  expect(JSON.parse((await open(development, '/health/live')).text)).toEqual({ status: 'live' });
});

describe('CORS', () => {
  async function allowed(running: RunningGateway, origin: string): Promise<string | null> {
    const preflight = await fetch(running.url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    const actual = await running.ask('{ warehouse }', { headers: { origin } });
    const answer = preflight.headers.get('access-control-allow-origin');
    expect(actual.headers.get('access-control-allow-origin')).toBe(answer);
    return answer;
  }

  test.each([
    'http://localhost:3000',
    'http://localhost',
    'https://localhost:5173',
    'http://127.0.0.1:8080',
    'http://[::1]:4321',
    'https://studio.apollographql.com',
  ])('%s may call in development, and not in production', async (origin) => {
    expect(await allowed(development, origin)).toBe(origin);
    expect(await allowed(production, origin)).toBeNull();
  });

  test.each([
    'http://localhost.evil.example',
    'http://evil-localhost:3000',
    'http://127.0.0.1.evil.example:3000',
    'http://localhost:3000.evil.example',
    'file://localhost:3000',
    'null',
    'https://elsewhere.example',
  ])('%s may not call at all', async (origin) => {
    expect(await allowed(development, origin)).toBeNull();
    expect(await allowed(production, origin)).toBeNull();
  });

  test('production allows what CORS_ORIGINS lists, a slash at its end or not', async () => {
    expect(await allowed(production, 'https://shop.example')).toBe('https://shop.example');
  });
});

test('production tells nothing of its inside', async () => {
  for (const where of ['/nowhere/secret-path', '/graphql', '/explorer', '/metrics', '/.env', '/%zz']) {
    const { status, headers, text } = await open(production, where);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(/secret-path|node_modules|\bat \S+:\d+|fastify|graphiql|stack/i);
    for (const name of ['server', 'x-powered-by']) expect(headers.get(name)).toBeNull();
    expect(headers.get('x-content-type-options') ?? 'nosniff').toBe('nosniff');
  }
});

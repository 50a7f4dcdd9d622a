import autocannon from 'autocannon';

/** A process: presses on URL with BODY over CONNECTIONS, for SECONDS or REQUESTS, and prints what came of it as JSON. */
export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  readonly failed: number;
}

const { URL: url = '', BODY: body = '', CONNECTIONS = '50', SECONDS, REQUESTS } = process.env;
const result = await autocannon({
  url,
  body,
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  connections: Number(CONNECTIONS),
  ...(REQUESTS === undefined ? { duration: Number(SECONDS) } : { amount: Number(REQUESTS) }),
  timeout: 30,
});
const report: LoadResult = {
  requests: result.requests.total,
  requestsPerSecond: result.requests.average,
  p99Ms: result.latency.p99,
  failed: result.errors + result.timeouts + result.non2xx,
};
process.stdout.write(JSON.stringify(report));

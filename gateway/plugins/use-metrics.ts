import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PlanningMetrics } from '#gateway/planning/planning-metrics.ts';
import type { LiveMetrics } from '#gateway/live/live-metrics.ts';
import type { Admission } from '#gateway/admission.ts';

export const METRICS_PATH = '/metrics';

export interface MetricsSources {
  /** Where GraphQL is served: only requests there are counted and timed. */
  readonly graphqlPath: string;
  readonly admission: Admission;
  readonly live: LiveMetrics;
  readonly planning: PlanningMetrics;
  /** Estimate of the memory that planned operations hold, in bytes. */
  readonly plannedBytes: () => number;
}

const PREFIX = 'ordergraph_gateway_';
const LAG_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const MICROSECONDS_PER_SECOND = 1e6;
const MS_PER_SECOND = 1_000;
/** Answers that stay open as long as the client likes; they are counted as live connections. */
const LIVE_ANSWER = /^text\/event-stream|subscriptionSpec=/;

/**
 * Serves `GET /metrics` in Prometheus' text format. What others count already is read when somebody asks; only requests
 * and the lag of live events are recorded as they happen, one record a request and one an event.
 */
export function useMetrics(app: FastifyInstance, sources: MetricsSources): void {
  const { graphqlPath, admission, live, planning } = sources;
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const counters = (name: string, help: string, label: string, counts: Readonly<Record<string, number>>) =>
    new Counter({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, count] of Object.entries(counts)) this.inc({ [label]: value }, count);
      },
    });
  const own = (name: string) => `${PREFIX}${name}`;

  gauge(
    own('requests_in_flight'),
    'Requests and operations under way over all transports, without subscriptions.',
    () => admission.size,
  );
  const durations = new Histogram({
    name: own('request_duration_seconds'),
    help: 'From the head of a request to the end of its answer, without live ones.',
    labelNames: ['status'],
    buckets: DURATION_BUCKETS_S,
    registers,
  });
  app.addHook('onResponse', (request, reply, done) => {
    const isGraphql = request.routeOptions.url === graphqlPath;
    if (isGraphql && !LIVE_ANSWER.test(String(reply.raw.getHeader('content-type')))) {
      durations.observe({ status: reply.raw.statusCode }, reply.elapsedTime / MS_PER_SECOND);
    }
    done();
  });

  gauge(own('live_connections'), 'Open client connections of all live transports.', () => live.connections);
  counter(own('live_connections_opened_total'), 'Live connections ever.', () => live.connectionsTotal);
  gauge(own('live_subscriptions'), "Clients' subscriptions now.", () => live.subscriptions);
  counter(own('live_subscriptions_started_total'), 'Subscriptions ever.', () => live.subscriptionsTotal);
  counter(own('live_events_total'), 'Events that came from subgraphs.', () => live.events);
  counter(own('live_positions_total'), 'Cursors that came without an event.', () => live.positions);
  counter(own('live_deliveries_total'), 'Events times the clients they went to.', () => live.deliveries);
  counters(own('live_closes_total'), 'Ends of live connections and streams.', 'reason', live.closes);
  const lag = new Histogram({
    name: own('live_lag_seconds'),
    help: "From an event's arrival to its delivery, once an event and stream.",
    buckets: LAG_BUCKETS_S,
    registers,
  });
  live.observeLag = (seconds) => lag.observe(seconds);
  gauge(own('upstream_streams'), 'Subscriptions held to subgraphs: what clients share.', () => live.streams);
  counter(own('upstream_streams_opened_total'), 'Upstream subscriptions ever.', () => live.streamsTotal);
  counter(own('upstream_streams_merged_total'), 'Streams that became one.', () => live.streamsMerged);
  gauge(own('upstream_sockets'), 'Open sockets to subgraphs.', () => live.upstreamSockets);
  counter(
    own('upstream_reconnects_total'),
    'Sockets to subgraphs opened anew.',
    () => live.upstreamReconnects,
  );

  gauge(own('planning_waiting'), 'New operations that wait for a planner thread.', () => planning.waiting);
  const waits = new Histogram({
    name: own('planning_wait_seconds'),
    help: 'How long new operations waited for a planner thread.',
    buckets: DURATION_BUCKETS_S,
    registers,
  });
  planning.observeWait = (seconds) => waits.observe(seconds);
  const plannings = new Histogram({
    name: own('planning_duration_seconds'),
    help: 'How long planner threads had an operation, planned or not.',
    buckets: DURATION_BUCKETS_S,
    registers,
  });
  planning.observePlanning = (seconds) => plannings.observe(seconds);
  counters(
    own('planning_refused_total'),
    'Valid operations that were not planned.',
    'code',
    planning.refusals,
  );
  gauge(own('planning_threads'), 'Planner threads now.', () => planning.threads);
  counter(own('planning_threads_started_total'), 'Planner threads ever.', () => planning.threadsStarted);
  counters(
    own('planning_threads_ended_total'),
    'Planner threads that ended: idle, or by time, memory, for another client, or failed.',
    'reason',
    planning.threadsEnded,
  );
  gauge(own('planned_bytes'), 'Memory of planned operations, by an estimate.', sources.plannedBytes);

  // The names that every Prometheus client gives them. All are cheap to read.
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('process_start_time_seconds', 'Start, since 1970.', () => performance.timeOrigin / MS_PER_SECOND);
  counter('process_cpu_seconds_total', 'Processor time.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / MICROSECONDS_PER_SECOND;
  });

  app.get(METRICS_PATH, async (_request, reply) => {
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

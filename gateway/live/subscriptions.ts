import { GraphQLError, print } from 'graphql';
import type { Logger } from 'pino';
import type { UpstreamConfig } from '#gateway/settings.ts';
import type { CompiledSubscription, EngineResult, Variables } from '#gateway/execution/compiled-operation.ts';
import type { Engine } from '#gateway/engine.ts';
import type { PreparedOperation } from '#gateway/planning/planning.ts';
import { type ErrorMask, requestErrors } from '#gateway/errors.ts';
import type { Generation } from '#gateway/generations.ts';
import {
  CLIENT_ADDRESS_HEADER,
  identityOf,
  REQUEST_ID_HEADER,
} from '#gateway/subgraphs/forwarded-headers.ts';
import type { ForwardedHeaders } from '#gateway/subgraphs/calls/calls.ts';
import { createEntityBatching } from '#gateway/subgraphs/streams/entity-batching.ts';
import { createGroup, type Group } from './group.ts';
import type { LiveConfig } from './live-settings.ts';
import { createLiveEvent, type Cursor, isCursor } from './live-event.ts';
import { countClose, createLiveMetrics, type LiveMetrics } from './live-metrics.ts';
import { isPublicStream } from './identity/public-streams.ts';
import { createQuotas, type PlaceHolder } from './identity/quotas.ts';
import type { LivePlan, Member } from './stream.ts';
import {
  COMPLETED,
  failure,
  type LiveRequest,
  type StreamEnd,
  type Subscriber,
  type SubscriberContext,
  type Subscription,
} from './subscriber.ts';
import { createUpstreamStreams } from '#gateway/subgraphs/streams/upstream-streams.ts';

/** Live updates for every transport: one behaviour, whichever way a client came. */
export interface Subscriptions extends AsyncDisposable {
  readonly metrics: LiveMetrics;
  /**
   * Runs one operation for one client. A subscription shares its upstream, its entities and its bytes with every other
   * one of the same operation, variables and identity; queries and mutations give one event and complete.
   */
  subscribe(request: LiveRequest, client: SubscriberContext, subscriber: Subscriber): Subscription;
}

export interface SubscriptionsDeps {
  readonly engine: Pick<Engine, 'current' | 'upstreams' | 'onSwap' | 'execute'>;
  readonly live: LiveConfig;
  readonly upstream: UpstreamConfig;
  readonly mask: ErrorMask;
  readonly logger: Logger;
}

interface GroupEntry {
  readonly group: Group;
  readonly request: LiveRequest;
}

interface Ready {
  readonly generation: Generation;
  readonly prepared: PreparedOperation;
}

/** They tell of one request or one client, and a stream that many share is no one's. */
const REQUEST_SCOPED_HEADERS = new Set([
  REQUEST_ID_HEADER,
  CLIENT_ADDRESS_HEADER,
  'traceparent',
  'tracestate',
]);
const REPLANS_PER_TURN = 50;
const NOTHING: Subscription = { once: false, stop() {}, renew() {} };

export function createSubscriptions(deps: SubscriptionsDeps): Subscriptions {
  const { engine, live, logger } = deps;
  const metrics = createLiveMetrics();
  const upstreamStreams = createUpstreamStreams({ live, upstream: deps.upstream, metrics, logger });
  const upstreams = createEntityBatching(engine.upstreams);
  const groups = new Map<string, GroupEntry>();
  const quotas = createQuotas(live.maxSubscriptionsPerUser);
  const tooMany = failure(
    'TOO_MANY_SUBSCRIPTIONS',
    `At most ${live.maxSubscriptionsPerUser} subscriptions a user.`,
  );
  const texts = new WeakMap<PreparedOperation, string>();
  let disposed = false;

  const mask = (result: EngineResult): EngineResult =>
    result.errors === undefined ? result : { ...result, errors: deps.mask(result.errors, undefined) };
  const failed = (errors: readonly GraphQLError[], requestId?: string): StreamEnd => ({
    kind: 'failed',
    errors: deps.mask(errors, requestId),
  });

  function textOf(prepared: PreparedOperation): string {
    let text = texts.get(prepared);
    if (text === undefined) {
      text = `${prepared.operation.name?.value ?? ''}\n${print(prepared.document)}`;
      texts.set(prepared, text);
    }
    return text;
  }

  function planOf(generation: Generation, compiled: CompiledSubscription, variables: Variables): LivePlan {
    const subgraph = generation.supergraph.subgraphs.get(compiled.subgraph);
    if (subgraph === undefined)
      throw new GraphQLError(`The supergraph has no subgraph ${compiled.subgraph}.`);
    const target = { subgraph: subgraph.name, url: upstreamStreams.urlOf(subgraph) };
    return { compiled, variables, request: compiled.request(variables), target };
  }

  function groupFor(
    prepared: PreparedOperation,
    plan: LivePlan,
    request: LiveRequest,
    headers: ForwardedHeaders,
  ): Group {
    const key = `${identityOf(headers)}\n${JSON.stringify(plan.variables)}\n${textOf(prepared)}`;
    let entry = groups.get(key);
    if (entry === undefined) {
      const group = createGroup(plan, headers, {
        upstreamStreams,
        upstreams,
        maxPendingEvents: live.maxPendingEvents,
        metrics,
        mask,
        onEmpty: () => groups.delete(key),
        onEnd: (members, end) => {
          const shown = end.kind === 'failed' ? { ...end, errors: deps.mask(end.errors, undefined) } : end;
          for (const member of members) endMember(member, shown);
        },
      });
      groups.set(key, (entry = { group, request }));
    }
    return entry.group;
  }

  function endMember({ subscriber }: Member, end: StreamEnd): void {
    countClose(metrics, end.kind === 'completed' ? 'stream completed' : `stream ${codeOf(end)}`);
    subscriber.end(end);
  }

  /** By the supergraph that is current when it is done, or why not. A promise while the operation is planned first. */
  function prepare(
    request: LiveRequest,
    headers: ForwardedHeaders,
  ): Ready | StreamEnd | Promise<Ready | StreamEnd> {
    const generation = engine.current;
    try {
      const address = headers[CLIENT_ADDRESS_HEADER] ?? '';
      const prepared = generation.planning.prepare(request.query, request.operationName, address);
      if (!(prepared instanceof Promise)) return { generation, prepared };
      return prepared.then(
        (later) =>
          generation === engine.current ? { generation, prepared: later } : prepare(request, headers),
        (error) => failed(requestErrors(error)),
      );
    } catch (error) {
      return failed(requestErrors(error));
    }
  }

  /** The group of all who ask the same, or why there can be none. */
  function locate(
    { generation, prepared }: Ready,
    request: LiveRequest,
    headers: ForwardedHeaders,
  ): Group | StreamEnd {
    try {
      const { compiled } = prepared;
      if (compiled.kind !== 'subscription') return failed([new GraphQLError('This is no subscription.')]);
      const coerced = prepared.coerce(request.variables ?? {});
      if ('errors' in coerced) return failed(coerced.errors);
      const plan = planOf(generation, compiled, coerced.variables);
      const shared = isPublicStream(generation.supergraph, compiled.rootField, live)
        ? ANONYMOUS
        : streamHeaders(headers);
      return groupFor(prepared, plan, request, shared);
    } catch (error) {
      return failed(requestErrors(error));
    }
  }

  function subscribeLive(
    request: LiveRequest,
    client: SubscriberContext,
    subscriber: Subscriber,
  ): Subscription {
    let { authorization } = client.headers;
    let group: Group | undefined;
    let counted = false;
    const leave = (end: StreamEnd) => {
      group?.leave(member);
      member.subscriber.end(end);
    };
    const holder: PlaceHolder = {
      askedAt: () => (group?.isToldWhoAsks ? (member.stream?.askedAt ?? 0) : 0),
      over: () => leave(tooMany),
    };
    let place = quotas.take(client.headers, holder);
    if (place === undefined) {
      subscriber.end(tooMany);
      return NOTHING;
    }
    const release = () => {
      if (!counted) return;
      counted = false;
      metrics.subscriptions -= 1;
      place?.release();
    };
    /** False when it was this event that told that the user has too many. */
    const isServed = () => {
      if (place?.confirmed === false && group?.isToldWhoAsks) place.confirm();
      return counted;
    };
    const member: Member = {
      stream: undefined,
      subscriber: {
        position(cursor) {
          if (isServed()) subscriber.position?.(cursor);
        },
        next(event) {
          if (isServed()) subscriber.next(event);
        },
        end(end) {
          // Whoever left in the meantime hears nothing more.
          if (!counted) return;
          release();
          subscriber.end(end);
        },
      },
    };
    const moveTo = (
      ready: Ready | StreamEnd,
      headers: ForwardedHeaders,
      position: () => Cursor | undefined,
    ) => {
      const found = 'kind' in ready ? ready : locate(ready, request, headers);
      if (found === group) return;
      const cursor = position();
      group?.leave(member);
      if ('kind' in found) return member.subscriber.end(found);
      group = found;
      try {
        group.join(member, cursor);
      } catch (error) {
        leave(failed(requestErrors(error)));
      }
    };
    let searches = 0;
    /** Joins the group that fits these headers, unless the client has left or renewed again by then. */
    const settle = (headers: ForwardedHeaders, position: () => Cursor | undefined) => {
      const search = (searches += 1);
      const ready = prepare(request, headers);
      if (!(ready instanceof Promise)) return moveTo(ready, headers, position);
      void ready.then((later) => {
        if (counted && search === searches) moveTo(later, headers, position);
      });
    };
    counted = true;
    metrics.subscriptions += 1;
    metrics.subscriptionsTotal += 1;
    const given = request.extensions?.['cursor'];
    const from = isCursor(given) ? given : client.cursor;
    settle(client.headers, () => from);

    return {
      once: false,
      stop() {
        group?.leave(member);
        release();
      },
      renew(headers) {
        if (!counted) return;
        if (headers['authorization'] !== authorization) {
          authorization = headers['authorization'];
          place = quotas.take(headers, holder, place);
          if (place === undefined) return leave(tooMany);
        }
        settle(headers, () => (group === undefined ? from : member.stream?.position));
      },
    };
  }

  function runOnce(request: LiveRequest, client: SubscriberContext, subscriber: Subscriber): Subscription {
    const stopping = new AbortController();
    const { headers, requestId } = client;
    const answer = async () => {
      const result = await engine.execute(request, { headers, requestId, signal: stopping.signal });
      if (stopping.signal.aborted) return;
      // Without data nothing was executed: the request itself was at fault.
      if (result.data === undefined && result.errors !== undefined)
        return subscriber.end({ kind: 'failed', errors: result.errors });
      subscriber.next(createLiveEvent(JSON.stringify(result)));
      subscriber.end(COMPLETED);
    };
    answer().catch((error: unknown) => {
      if (!stopping.signal.aborted) subscriber.end(failed(requestErrors(error), requestId));
    });
    return { once: true, stop: () => stopping.abort(), renew() {} };
  }

  /** Every group goes on with the plan of the new supergraph; those that it does not allow any more end, spread out. */
  async function replanAll(): Promise<void> {
    const generation = engine.current;
    let turn = 0;
    for (const [key, entry] of groups) {
      if ((turn += 1) % REPLANS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      if (engine.current !== generation) return;
      if (disposed || groups.get(key) !== entry) continue;
      const invalid = await replan(entry);
      // Another swap came in the meantime, and with it another round.
      if (engine.current !== generation) return;
      if (invalid === undefined || disposed || groups.get(key) !== entry) continue;
      const members = entry.group.dissolve();
      groups.delete(key);
      for (const member of members) {
        setTimeout(() => endMember(member, invalid), Math.random() * live.swapSpreadMs).unref();
      }
    }
  }

  /** Undefined when the group goes on. */
  async function replan({ group, request }: GroupEntry): Promise<StreamEnd | undefined> {
    const generation = engine.current;
    try {
      const prepared = await generation.planning.prepare(request.query, request.operationName);
      if (engine.current !== generation) return undefined;
      const coerced = prepared.coerce(request.variables ?? {});
      if ('errors' in coerced) return invalidated(coerced.errors);
      if (prepared.compiled.kind !== 'subscription') return invalidated([]);
      group.replan(planOf(generation, prepared.compiled, coerced.variables));
      return undefined;
    } catch (error) {
      return invalidated(requestErrors(error));
    }
  }

  function invalidated(errors: readonly GraphQLError[]): StreamEnd {
    const reason = deps
      .mask(errors, undefined)
      .map(({ message }) => message)
      .join(' ');
    return failure(
      'SUBSCRIPTION_INVALIDATED',
      `The schema has changed and no longer allows this operation. ${reason}`.trim(),
    );
  }

  const stopListening = engine.onSwap(() => void replanAll());

  return {
    metrics,
    subscribe(request, client, subscriber) {
      let kind: PreparedOperation['kind'];
      try {
        kind = engine.current.planning.kindOf(request.query, request.operationName);
      } catch (error) {
        subscriber.end(failed(requestErrors(error), client.requestId));
        return NOTHING;
      }
      return kind === 'subscription'
        ? subscribeLive(request, client, subscriber)
        : runOnce(request, client, subscriber);
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      stopListening();
      for (const { group } of groups.values()) group.dissolve();
      groups.clear();
      upstreamStreams[Symbol.dispose]();
    },
  };
}

const ANONYMOUS: ForwardedHeaders = Object.freeze({});

/** By the headers they were made from, so that one connection's subscriptions share them. */
const streamHeadersOf = new WeakMap<ForwardedHeaders, ForwardedHeaders>();

function streamHeaders(headers: ForwardedHeaders): ForwardedHeaders {
  let kept = streamHeadersOf.get(headers);
  if (kept === undefined) {
    kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !REQUEST_SCOPED_HEADERS.has(name)));
    streamHeadersOf.set(headers, kept);
  }
  return kept;
}

function codeOf(end: StreamEnd): string {
  const code = end.kind === 'failed' ? end.errors[0]?.extensions?.['code'] : undefined;
  return typeof code === 'string' ? code : 'failed';
}

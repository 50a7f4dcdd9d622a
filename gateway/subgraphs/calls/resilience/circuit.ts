import { CircuitState, CountBreaker } from 'cockatiel';
import type { Health, SubgraphCall } from '#gateway/subgraphs/calls/calls.ts';
import { traitsOf } from '#gateway/subgraphs/calls/wire/traits.ts';

/*
 * Keeps calls from a subgraph that does not answer any. Its states:
 *
 *   closed ─more than half of the latest calls failed─▶ open ─cooled down, the next call tries─▶ half-open
 *     ▲                                                  ▲ └────a call answered, cooled down────┐   │
 *     ├──────────────────────────────────────────────────┼──────────────────────────────────────┘   │
 *     └──────────────────────────the trial was answered──┼──────────────────────────────────────────┤
 *                                                        └──────────────it was not──────────────────┘
 *
 * What may be one client's doing is held against that client alone. An open circuit has a scope: the traits that most
 * of the failures have, be it where their clients are, who they are or what they ask. It refuses who has all of them,
 * and the others are let through. A subgraph that is really down fails for whoever asks: then the scope is everyone.
 */

export interface CircuitOptions {
  /** Calls that open it: more than half of the latest twice as many. */
  readonly failures: number;
  readonly coolDownMs: number;
  readonly onState: (state: CircuitName) => void;
}

export type CircuitName = 'open' | 'half-open' | 'closed';

export class Circuit {
  readonly #options: CircuitOptions;
  readonly #outcomes: CountBreaker;
  #state: CircuitName = 'closed';
  /** The latest failures, oldest first, by the traits of their calls; none where no call can be the cause. */
  #failures: (readonly string[] | undefined)[] = [];
  /** It refuses those who have all of these traits: without any, everyone. */
  #scope: ReadonlySet<string> = new Set();
  #trial: SubgraphCall | undefined;
  #coolAt = 0;

  constructor(options: CircuitOptions) {
    this.#options = options;
    this.#outcomes = new CountBreaker({
      threshold: 0.5,
      size: 2 * options.failures,
      minimumNumberOfCalls: options.failures,
    });
  }

  /** Whether a call may go. What becomes of it has to be told. */
  admits(call: SubgraphCall): boolean {
    if (this.#state === 'closed' || !this.#concerns(call)) return true;
    // While one tries, the others fail at once instead of waiting for its outcome.
    if (this.#state === 'half-open' || performance.now() < this.#coolAt) return false;
    this.#trial = call;
    this.#enter('half-open');
    return true;
  }

  succeeded(call: SubgraphCall): void {
    if (this.#state === 'closed') this.#outcomes.success(CircuitState.Closed);
    else if (call === this.#trial || this.#hasCooled()) this.#close();
  }

  /** @param health what the failure tells of the subgraph; undefined when nothing */
  failed(call: SubgraphCall, health: Health | undefined): void {
    if (health === 'down' || health === 'doubtful') this.#count(call, health);
    if (call !== this.#trial) return;
    // A trial that its client gave up has shown nothing.
    if (health === 'alive') this.#close();
    else this.#open();
  }

  #count(call: SubgraphCall, health: Health): void {
    this.#failures.push(health === 'down' ? undefined : traitsOf(call));
    if (this.#failures.length > 2 * this.#options.failures) this.#failures.shift();
    if (this.#state !== 'closed') this.#setScope();
    else if (this.#outcomes.failure(CircuitState.Closed)) this.#open();
  }

  #concerns(call: SubgraphCall): boolean {
    return this.#scope.size === 0 || this.#scope.isSubsetOf(new Set(traitsOf(call)));
  }

  #hasCooled(): boolean {
    return this.#state === 'open' && performance.now() >= this.#coolAt;
  }

  #open(): void {
    this.#trial = undefined;
    this.#coolAt = performance.now() + this.#options.coolDownMs;
    this.#setScope();
    this.#enter('open');
  }

  #close(): void {
    this.#trial = undefined;
    this.#failures = [];
    this.#outcomes.success(CircuitState.HalfOpen);
    this.#enter('closed');
  }

  #enter(state: CircuitName): void {
    this.#state = state;
    this.#options.onState(state);
  }

  #setScope(): void {
    const counts = new Map<string, number>();
    for (const trait of this.#failures.flatMap((traits) => traits ?? []))
      counts.set(trait, (counts.get(trait) ?? 0) + 1);
    const shared = [...counts].filter(([, count]) => 2 * count > this.#failures.length);
    this.#scope = new Set(shared.map(([trait]) => trait));
  }
}

import type { ForwardedHeaders } from '#gateway/subgraphs/calls/calls.ts';
import { claimsOf } from './token-claims.ts';

/*
 * How many subscriptions one user may have. The gateway does not verify tokens, so that whose one is, is only what it says
 * of itself: a forged one with somebody's `sub` must neither use up nor lock out theirs. What can be believed is a subgraph
 * that was shown the token and did not refuse it.
 *
 *   taken ──an event came, or, when it matters, no refusal did for a while─▶ confirmed, and counted as its user's
 *     │
 *     └── until then it counts against nobody but its own token
 *
 * So a user's second log-in does not double what the first one has used up, at the latest a second after it was asked for,
 * and whoever forges tokens fills nothing but what the forged tokens may have each.
 */

/** One subscription's place. */
export interface Place {
  /** As the token has it. */
  readonly user: string | undefined;
  readonly confirmed: boolean;
  /** A subgraph has served whoever has this token. Calls `over` when the user has as many as may be. */
  confirm(): void;
  release(): void;
}

export interface PlaceHolder {
  /** When a subgraph was asked that was shown the token, in ms; 0 while none was. */
  askedAt(): number;
  /** The user has too many: this one has to end. It has been released. */
  over(): void;
}

export interface Quotas {
  /** Undefined when there is no place. Callers without a token are not counted. `former` is given up for it. */
  take(headers: ForwardedHeaders, holder: PlaceHolder, former?: Place): Place | undefined;
}

/** So long after a subgraph was asked it would have refused a token that does not hold. */
export const UNREFUSED_MS = 1_000;

interface User {
  confirmed: number;
  /** The oldest first. */
  readonly waiting: Set<Taken>;
  timer: NodeJS.Timeout | undefined;
}

interface Taken extends Place {
  readonly holder: PlaceHolder;
}

export function createQuotas(most: number): Quotas {
  const byToken = new Map<string, number>();
  const users = new Map<string, User>();

  function userOf(name: string): User {
    let user = users.get(name);
    if (user === undefined) users.set(name, (user = { confirmed: 0, waiting: new Set(), timer: undefined }));
    return user;
  }

  /** Only when it matters: for all others it makes no difference whether they are confirmed. */
  function contest(user: User): void {
    if (user.confirmed + user.waiting.size <= most) return;
    user.timer ??= setTimeout(() => {
      user.timer = undefined;
      const asked = Date.now() - UNREFUSED_MS;
      for (const taken of user.waiting) {
        const at = taken.holder.askedAt();
        if (at > 0 && at <= asked) taken.confirm();
      }
      contest(user);
    }, UNREFUSED_MS / 2).unref();
  }

  function place(token: string, name: string | undefined, holder: PlaceHolder, wasConfirmed: boolean): Place {
    const user = name === undefined ? undefined : userOf(name);
    let confirmed = user === undefined || wasConfirmed;
    let released = false;
    const taken: Taken = {
      user: name,
      holder,
      get confirmed() {
        return confirmed;
      },
      confirm() {
        if (confirmed || released || user === undefined) return;
        user.waiting.delete(taken);
        if (user.confirmed >= most) {
          taken.release();
          return holder.over();
        }
        confirmed = true;
        user.confirmed += 1;
      },
      release() {
        if (released) return;
        released = true;
        const left = (byToken.get(token) ?? 1) - 1;
        if (left === 0) byToken.delete(token);
        else byToken.set(token, left);
        if (user === undefined || name === undefined) return;
        if (confirmed) user.confirmed -= 1;
        user.waiting.delete(taken);
        if (user.confirmed + user.waiting.size > 0) return;
        clearTimeout(user.timer);
        if (users.get(name) === user) users.delete(name);
      },
    };
    byToken.set(token, (byToken.get(token) ?? 0) + 1);
    if (user !== undefined && confirmed) user.confirmed += 1;
    else if (user !== undefined) {
      user.waiting.add(taken);
      contest(user);
    }
    return taken;
  }

  return {
    take(headers, holder, former) {
      const token = headers['authorization'];
      former?.release();
      if (token === undefined) return UNCOUNTED;
      const { iss, sub } = claimsOf(token) ?? {};
      const name = typeof sub === 'string' ? JSON.stringify([iss, sub]) : undefined;
      // A renewed token of the same user: nobody else may have come in between.
      const goesOn = name !== undefined && former?.user === name && former.confirmed;
      if ((byToken.get(token) ?? 0) >= most) return undefined;
      if (!goesOn && name !== undefined && (users.get(name)?.confirmed ?? 0) >= most) return undefined;
      return place(token, name, holder, goesOn);
    },
  };
}

const UNCOUNTED: Place = { user: undefined, confirmed: true, confirm() {}, release() {} };

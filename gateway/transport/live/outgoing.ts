/** One client's way out: a socket, or an HTTP answer. */
export interface Outlet {
  /** Bytes that the system has not taken yet. */
  readonly writableLength: number;
}

/** What one client has been written and has not read. */
export interface Backlog {
  /** Counts a write that was just made. May call `cut`. */
  wrote(bytes: number): void;
  /** Something waits. */
  readonly pending: boolean;
  /** Once a heartbeat: whether the client has read anything since the last time. May call `cut`. */
  look(): 'reads' | 'stands still';
  /** The client has gone. */
  close(): void;
}

/** The backlogs of all clients of an endpoint. */
export interface Outgoing {
  open(outlet: Outlet, cut: () => void): Backlog;
}

/** What a write that waits costs besides its bytes: a million pongs are two megabytes of frames, and 250 of memory. */
const WRITE_BYTES = 256;
/** How far a client may go beyond its bytes while it still reads, in times of them. */
const BEYOND = 16;
/** The same for all clients together. */
const BEYOND_IN_ALL = 64;

interface Entry {
  /** Bytes and writes that wait, as of the last look at them. */
  cost: number;
  /** Where it is cut whatever it reads. */
  most: number;
  measure(): number;
  cut(): void;
}

/**
 * A client is slow by what it leaves unread over time: what was written before the last heartbeat but one may be no more
 * than `maxBytes` then. Until then it may be behind by one message of any size, or by a few times `maxBytes`, as long as
 * memory is left for that: where all together take too much, the one who has been behind for the longest is cut.
 */
export function createOutgoing(maxBytes: number): Outgoing {
  /** Those beyond their bytes, the longest first. */
  const behind = new Map<object, Entry>();
  let total = 0;

  function settle(key: object): void {
    total -= behind.get(key)?.cost ?? 0;
    behind.delete(key);
  }

  function cut(key: object, entry: Entry): void {
    settle(key);
    entry.cut();
  }

  /** @param newest has only just fallen behind, by one message perhaps: it is the others' turn. */
  function makeRoom(newest: object | undefined): void {
    for (const [key, entry] of behind) {
      if (total <= maxBytes * BEYOND_IN_ALL || key === newest) return;
      const cost = entry.measure();
      total += cost - entry.cost;
      entry.cost = cost;
      if (cost <= maxBytes) settle(key);
      else cut(key, entry);
    }
  }

  return {
    open(outlet, onCut) {
      const key = {};
      let written = 0;
      let writesWaiting = 0;
      let unreadThen = 0;
      let writtenAtLook = 0;
      let readAtLook = 0;
      let isCut = false;
      const measure = () => outlet.writableLength + writesWaiting * WRITE_BYTES;
      const cutOff = () => {
        if (isCut) return;
        isCut = true;
        onCut();
      };

      return {
        wrote(bytes) {
          written += bytes;
          const unread = outlet.writableLength;
          const before = Math.max(0, unread - bytes);
          // Of those that waited, about as many still do as their bytes.
          if (before < unreadThen) writesWaiting *= before / unreadThen;
          if (unread > 0) writesWaiting += 1;
          unreadThen = unread;
          const cost = unread + writesWaiting * WRITE_BYTES;
          // Nearly always nobody is.
          const entry = behind.size === 0 ? undefined : behind.get(key);
          if (cost <= maxBytes) return entry && settle(key);
          if (isCut) return;
          if (entry === undefined) {
            const most = Math.max(maxBytes * BEYOND, cost + maxBytes);
            behind.set(key, { cost, most, measure, cut: cutOff });
            total += cost;
          } else {
            total += cost - entry.cost;
            entry.cost = cost;
            if (cost > entry.most) return cut(key, entry);
          }
          makeRoom(entry === undefined ? key : undefined);
        },
        get pending() {
          return outlet.writableLength > 0;
        },
        look() {
          const unread = outlet.writableLength;
          const read = written - unread;
          const overdue = writtenAtLook - read;
          const stands = overdue > 0 && read <= readAtLook;
          writtenAtLook = written;
          readAtLook = read;
          if (unread === 0) writesWaiting = unreadThen = 0;
          if (measure() <= maxBytes) settle(key);
          if (overdue > maxBytes) {
            settle(key);
            cutOff();
          }
          return stands ? 'stands still' : 'reads';
        },
        close() {
          isCut = true;
          settle(key);
        },
      };
    },
  };
}

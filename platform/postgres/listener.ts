import postgres from 'postgres';

export interface Listener extends AsyncDisposable {
  listen(
    channel: string,
    onNotify: (payload: string) => void,
    onListening: () => void,
  ): Promise<AsyncDisposable>;
}

interface Listening {
  readonly channel: string;
  onNotify(payload: string): void;
  onListening(): void;
}

const CONNECT_TIMEOUT_S = 1;
const BACKOFF_FIRST_S = 0.05;
const BACKOFF_LAST_S = 1;
const LOOK_EVERY_MS = 700;
const ANSWER_MS = 1_000;
/** Listened to and let go of again, to see whether the connection answers: that writes nothing, as a NOTIFY would. */
const LOOKING = 'is_anybody_there';

/**
 * Notifications over one connection of its own. The driver listens again after a connection that it knows to be lost; one
 * that only falls silent it would wait for, and so it is looked after, and a driver that does not answer is replaced.
 */
export function createListener(url: string, applicationName: string): Listener {
  const listenings = new Set<Listening>();
  let current: postgres.Sql | null = null;
  let looking = false;

  function connection(): postgres.Sql {
    current ??= postgres(url, {
      max: 1,
      fetch_types: false,
      connect_timeout: CONNECT_TIMEOUT_S,
      onnotice: () => {},
      backoff: (attempt) => Math.min(BACKOFF_LAST_S, BACKOFF_FIRST_S * 2 ** attempt),
      connection: { application_name: `${applicationName} listener` },
    });
    return current;
  }

  async function listenOn(sql: postgres.Sql, listening: Listening): Promise<void> {
    const ifCurrent = (then: () => void) => {
      if (sql === current && listenings.has(listening)) then();
    };
    await sql.listen(
      listening.channel,
      (payload) => ifCurrent(() => listening.onNotify(payload)),
      () => ifCurrent(() => listening.onListening()),
    );
  }

  /** True when the connection answers; a connection that is being made anew counts as well. */
  async function isAlive(sql: postgres.Sql): Promise<boolean> {
    const answered = sql
      .listen(LOOKING, () => {})
      .then(
        ({ unlisten }) => unlisten(),
        () => {},
      )
      .then(
        () => true,
        () => true,
      );
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, ANSWER_MS, false);
    });
    const alive = await Promise.race([answered, tooLate]);
    clearTimeout(timer);
    return alive;
  }

  async function look(): Promise<void> {
    const sql = current;
    if (sql === null || listenings.size === 0 || (await isAlive(sql)) || sql !== current) return;
    current = null;
    void sql.end({ timeout: 0 }).catch(() => {});
    const next = connection();
    // One that fails is tried again by the driver.
    for (const listening of listenings) void listenOn(next, listening).catch(() => {});
  }

  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  }, LOOK_EVERY_MS);
  timer.unref();

  return {
    async listen(channel, onNotify, onListening) {
      const listening = { channel, onNotify, onListening };
      listenings.add(listening);
      await listenOn(connection(), listening);
      // The driver's connection goes on listening: others may, and what nobody waits for is passed over.
      return { [Symbol.asyncDispose]: async () => void listenings.delete(listening) };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      listenings.clear();
      const sql = current;
      current = null;
      await sql?.end({ timeout: 1 });
    },
  };
}

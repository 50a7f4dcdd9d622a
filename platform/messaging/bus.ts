import type { Message, MessageType } from '#schema/messages.ts';

/**
 * Carries messages between services, at least once and per key in order. What every implementation promises is written
 * down as tests in tests/contract/bus.ts.
 */
export interface Bus extends AsyncDisposable {
  /** Resolves once the messages are kept safe. A message whose id the bus already has is dropped. */
  publish(messages: readonly Message[]): Promise<void>;
  /** Starts at the beginning for a consumer the bus has not met, otherwise where that consumer left off. */
  consume(options: ConsumeOptions): Promise<AsyncDisposable>;
  /**
   * Resolves with true as soon as these consumers have dealt with what the bus has by now, with false after `withinMs`. One
   * that has never consumed is not waited for.
   */
  caughtUp(options: CaughtUpOptions): Promise<boolean>;
  /** Throws while it cannot take messages. */
  check(): Promise<void>;
}

export interface CaughtUpOptions {
  /** Of the messages that are meant; each of the consumers gets them. */
  readonly type: MessageType;
  readonly consumers: readonly string[];
  readonly withinMs: number;
}

export interface ConsumeOptions {
  /** Names the position that is kept. Processes that share a name share the work. */
  readonly consumer: string;
  readonly types: readonly MessageType[];
  /**
   * Resolves when the message is dealt with. Messages of one key come one after another, others beside them. A rejection
   * means not now: the message, and those of its key after it, come again.
   */
  handle(message: Message, signal: AbortSignal): Promise<void>;
}

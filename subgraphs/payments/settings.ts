import {
  databaseUrl,
  LONGEST_TIMER_MS,
  milliseconds,
  readServiceConfig,
} from '#platform/process/service-settings.ts';
import { HOLD_TIMES } from './operations/expire-holds.ts';
import { OPERATION_TIMES } from './operations/run-operations.ts';
import { HOLD_MS } from './provider/simulator.ts';

/** The one reader of the environment here. */
export function readSettings(env: NodeJS.ProcessEnv = process.env) {
  return readServiceConfig(
    {
      PAYMENTS_DATABASE_URL: databaseUrl,
      BUS_DATABASE_URL: databaseUrl,
      /** How long the provider may leave an authorisation unanswered before it counts as declined. */
      PAYMENT_DEADLINE_MS: milliseconds(OPERATION_TIMES.authorisationDeadlineMs),
      /** How long one call to the provider may take. */
      PAYMENT_PROVIDER_TIMEOUT_MS: milliseconds(OPERATION_TIMES.providerTimeoutMs, 1, LONGEST_TIMER_MS),
      /** How long the simulator takes over `tok_slow`. */
      PAYMENT_SIMULATOR_SLOW_MS: milliseconds(2_000, 1, LONGEST_TIMER_MS),
      /** How long the simulator holds an amount. */
      PAYMENT_SIMULATOR_HOLD_MS: milliseconds(HOLD_MS),
      /** How long before the provider lets go of an amount its payment counts as EXPIRED, and its order has to be paid anew. */
      PAYMENT_HOLD_MARGIN_MS: milliseconds(HOLD_TIMES.holdMarginMs),
    },
    env,
  );
}

import type { Logger } from 'pino';
import type { GatewayConfig } from '#gateway/settings.ts';
import type { Gateway } from '#gateway/gateway.ts';
import { createErrorMask } from '#gateway/errors.ts';
import type { LiveConfig } from '#gateway/live/live-settings.ts';
import { serveHttp } from '#gateway/transport/http.ts';

/** The gateway's endpoint once more, with settings of live updates that the environment has no names for. */
export async function serveForTest(
  gateway: Gateway,
  config: GatewayConfig,
  live: LiveConfig,
  logger: Logger,
) {
  const server = await serveHttp({
    config: { ...config, port: 0, live },
    logger,
    gateway,
    mask: createErrorMask(config, logger),
  });
  const { metrics, drain } = server.live;
  return { ...server, metrics, drain };
}

import type { z } from 'zod';
import { list } from '#gateway/variable-types.ts';
import { isAddressOrNetwork } from './client-address.ts';

/** How clients are served over HTTP. */
export interface HttpConfig {
  /** Addresses and networks of the proxies whose `X-Forwarded-For` counts. */
  readonly trustedProxies: readonly string[];
}

/** Their variables; `gateway/config.ts` reads them and explains them. */
export const HTTP_VARIABLES = {
  TRUSTED_PROXIES: list
    .default([])
    .refine(
      (proxies) => proxies.every(isAddressOrNetwork),
      'must list IP addresses or networks, such as 10.0.0.0/8',
    ),
};

type Read<T extends Record<string, z.ZodType>> = { readonly [name in keyof T]: z.output<T[name]> };

export function httpConfig(env: Read<typeof HTTP_VARIABLES>): HttpConfig {
  return {
    trustedProxies: env.TRUSTED_PROXIES,
  };
}

import { z } from 'zod';

const base = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  /** Interface to listen on. Loopback unless told otherwise. */
  HOST: z.string().default('127.0.0.1'),
  /** 0 takes a free port. */
  PORT: z.coerce.number().int().min(0).max(65_535),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Calls without it are refused: it is what tells the gateway from the rest of the network. */
  GATEWAY_SECRET: z.string().min(16),
  /** Where the public keys of access tokens are. */
  USERS_JWKS_URL: z.url(),
});

export type ServiceConfig = z.infer<typeof base>;

/** Secrets that `npm start` generates begin so; production refuses them. */
export const DEVELOPMENT_SECRET_PREFIX = 'dev-';

/** The configuration is wrong; the message lists every variable at fault and how to mend it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads a service's environment, once, at its start.
 * @param extension the variables only this service has. Throws {@link ConfigError}.
 */
export function readServiceConfig<Shape extends z.ZodRawShape>(
  extension: Shape,
  env: NodeJS.ProcessEnv = process.env,
) {
  const parsed = base.extend(extension).safeParse(env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`The environment is not complete:\n${faults.join('\n')}`);
  }
  const config = parsed.data as ServiceConfig & z.infer<z.ZodObject<Shape>>;
  if (config.NODE_ENV === 'production') refuseDevelopmentSecret('GATEWAY_SECRET', config.GATEWAY_SECRET);
  return config;
}

export function refuseDevelopmentSecret(variable: string, secret: string): void {
  if (secret.startsWith(DEVELOPMENT_SECRET_PREFIX))
    throw new ConfigError(`${variable} is a development secret; production needs one of its own.`);
}

/** `postgres://user:password@host:port/database` */
export const databaseUrl = z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL');

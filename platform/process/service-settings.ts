import { z } from 'zod';

const base = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development'),
  /** Interface to listen on. Loopback unless told otherwise. */
  HOST: z.string().default('127.0.0.1'),
  /** 0 takes a free port. */
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port')
    .transform(Number)
    .pipe(z.number().max(65_535, 'must be a port')),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Calls without it are refused: it is what tells the gateway from the rest of the network. */
  GATEWAY_SECRET: z.string().trim().min(16, 'must have at least 16 characters'),
  /** Where the public keys of access tokens are. */
  USERS_JWKS_URL: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }),
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
  const parsed = base.extend(extension).safeParse(withoutEmpty(env));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${faultOf(issue)}`);
    throw new ConfigError(`The environment does not do (.env.example lists it). ${faults.join('; ')}`);
  }
  const config = parsed.data as ServiceConfig & z.infer<z.ZodObject<Shape>>;
  if (config.NODE_ENV === 'production') refuseDevelopmentSecret('GATEWAY_SECRET', config.GATEWAY_SECRET);
  return config;
}

/** An empty variable is one that is not set: an empty HOST would listen on every interface, an empty PORT on any. */
function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim() !== ''));
}

function faultOf({ code, message, input }: z.core.$ZodIssue): string {
  return code === 'invalid_type' && input === undefined ? 'must be set' : message;
}

/** In any case, and whatever blanks stand before it. */
export function refuseDevelopmentSecret(variable: string, secret: string): void {
  if (secret.trim().toLowerCase().startsWith(DEVELOPMENT_SECRET_PREFIX))
    throw new ConfigError(`${variable} is a development secret; production needs one of its own.`);
}

const DATABASE_URL =
  'must be a URL such as postgres://user:password@host:5432/database, with signs of the password such as # / ? % written %23 %2F %3F %25';

/** `postgres://user:password@host:port/database` */
export const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL')
  .refine(namesDatabase, DATABASE_URL);

function namesDatabase(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { host, searchParams, pathname, username, password } = new URL(text);
  try {
    decodeURIComponent(username + password + pathname);
  } catch {
    return false;
  }
  return pathname.length > 1 && (host !== '' || searchParams.has('host'));
}

/** A hundred years; times are reckoned with, and what is far longer ends outside of the calendar. */
const LONGEST_MS = 100 * 365 * 24 * 3_600_000;
/** What is longer Node's timers take for 1 ms. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * A whole number of milliseconds.
 * @param standard where the variable is not set
 * @param least that may be said
 * @param most {@link LONGEST_TIMER_MS} where a timer waits for it
 */
export function milliseconds(standard: number, least = 1, most = LONGEST_MS) {
  const message = `must be a whole number of milliseconds from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .pipe(z.number().min(least, message).max(most, message))
    .default(standard);
}

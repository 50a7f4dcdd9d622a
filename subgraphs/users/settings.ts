import { z } from 'zod';
import {
  databaseUrl,
  readServiceConfig,
  refuseDevelopmentSecret,
} from '#platform/process/service-settings.ts';
import { readSigningKey } from './credentials/tokens/access-tokens.ts';

/** The key that signs access tokens. `USERS_SIGNING_KEY='{"kty":"OKP","crv":"Ed25519","d":"…","x":"…","kid":"2026-01"}'` */
const signingKey = z.string().transform((json, context) => {
  const key = readSigningKey(json);
  if (key === null) context.addIssue('must be the JWK of a private Ed25519 key with a kid, as JSON');
  return key ?? z.NEVER;
});

/** The one reader of the environment here. Throws ConfigError, which never shows a part of the key. */
export function readSettings(env: NodeJS.ProcessEnv = process.env) {
  const variables = {
    USERS_DATABASE_URL: databaseUrl,
    BUS_DATABASE_URL: databaseUrl,
    USERS_SIGNING_KEY: signingKey,
  };
  const config = readServiceConfig(variables, env);
  if (config.NODE_ENV === 'production')
    refuseDevelopmentSecret('USERS_SIGNING_KEY', config.USERS_SIGNING_KEY.keyId);
  return config;
}

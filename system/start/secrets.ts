import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SettingsError } from '#system/settings.ts';
import { DEVELOPMENT_SECRET_PREFIX } from '#platform/process/service-settings.ts';

const account = z.object({
  email: z.string(),
  name: z.string(),
  roles: z.array(z.enum(['CUSTOMER', 'STAFF', 'ADMIN'])),
  password: z.string(),
});
const file = z.object({
  gatewaySecret: z.string(),
  /** A private Ed25519 key, as a JWK. */
  signingKey: z.record(z.string(), z.unknown()),
  accounts: z.array(account),
});

export type Account = z.infer<typeof account>;

/** What a development system needs to be secret, made at its first start and good for production nowhere. */
export interface Secrets {
  readonly gatewaySecret: string;
  readonly signingKey: Readonly<Record<string, unknown>>;
  /** The log-ins that are seeded. */
  readonly accounts: readonly Account[];
  readonly file: string;
  /** True where they were made just now. */
  readonly fresh: boolean;
}

/** Who is seeded. */
export const ACCOUNTS: readonly Omit<Account, 'password'>[] = [
  { email: 'ada@example.com', name: 'Ada Lovelace', roles: ['CUSTOMER'] },
  { email: 'grace@example.com', name: 'Grace Hopper', roles: ['CUSTOMER'] },
  { email: 'staff@example.com', name: 'Sam Staff', roles: ['STAFF'] },
  { email: 'admin@example.com', name: 'Alex Admin', roles: ['ADMIN'] },
];
/** Without the letters and digits that are taken for one another. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const GROUP_LENGTH = 4;

export function secretsFile(dataFolder: string): string {
  return path.join(dataFolder, 'secrets.json');
}

/** Throws where the file is missing or is not what {@link provideSecrets} writes. */
export async function readSecrets(dataFolder: string): Promise<Secrets> {
  const name = secretsFile(dataFolder);
  const text = await readFile(name, 'utf8');
  try {
    return { ...file.parse(JSON.parse(text)), file: name, fresh: false };
  } catch (cause) {
    throw new SettingsError(`${name} cannot be read. Mend it, or remove ${dataFolder} to begin anew.`, {
      cause,
    });
  }
}

/** Who the demo orders as: the first customer that `npm start` made. */
export async function seededCustomer(dataFolder: string): Promise<{ email: string; password: string }> {
  const { accounts } = await readSecrets(dataFolder).catch((cause: unknown) => {
    throw new Error(
      `There are no log-ins in ${dataFolder}: npm start makes them. Or set DEMO_EMAIL and DEMO_PASSWORD.`,
      { cause },
    );
  });
  const [customer] = accounts.filter(({ roles }) => roles.includes('CUSTOMER'));
  if (customer === undefined) throw new Error(`${secretsFile(dataFolder)} has no customer.`);
  return { email: customer.email, password: customer.password };
}

/** The secrets of a data folder; makes them, readable by their owner only, where there are none. */
export async function provideSecrets(dataFolder: string): Promise<Secrets> {
  try {
    return await readSecrets(dataFolder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secrets = {
    gatewaySecret: `${DEVELOPMENT_SECRET_PREFIX}${randomBytes(24).toString('base64url')}`,
    signingKey: makeSigningKey(),
    accounts: ACCOUNTS.map((known) => ({ ...known, password: makePassword() })),
  };
  const name = secretsFile(dataFolder);
  await writeFile(`${name}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  await rename(`${name}.new`, name);
  return { ...secrets, file: name, fresh: true };
}

function makeSigningKey(): Record<string, unknown> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const kid = `${DEVELOPMENT_SECRET_PREFIX}${randomBytes(6).toString('hex')}`;
  return { ...privateKey.export({ format: 'jwk' }), kid };
}

/** Four groups of four: eighty bits that can be typed. */
function makePassword(): string {
  const group = () => Array.from({ length: GROUP_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

import { z } from 'zod';
import {
  EMAIL_MAX_LENGTH,
  PASSWORD_MAX_LENGTH,
  PASSWORD_MIN_LENGTH,
  POSTAL_CODE_MAX_LENGTH,
  TEXT_MAX_LENGTH,
} from '../domain/limits.ts';

const CONTROL_CHARACTERS = /\p{Cc}/u;

/** One line of text. PostgreSQL cannot store U+0000, and nobody's name has a line break. */
const line = (longest = TEXT_MAX_LENGTH) =>
  z
    .string()
    .trim()
    .max(longest, `This has more than ${longest} characters.`)
    .refine((text) => !CONTROL_CHARACTERS.test(text), 'This has characters that cannot be shown.');

const requiredLine = (longest?: number) => line(longest).min(1, 'This is empty.');

/** An empty one is none. */
const optionalLine = line()
  .nullish()
  .transform((text) => text || null);

/** The form is checked by the scalar EmailAddress. */
export const email = z
  .string()
  .max(EMAIL_MAX_LENGTH, `An e-mail address has at most ${EMAIL_MAX_LENGTH} characters.`);

export const personName = requiredLine();

/** Of a password that is there already: bounded, for a megabyte is not worth hashing. */
export const password = z
  .string()
  .max(PASSWORD_MAX_LENGTH, `A password has at most ${PASSWORD_MAX_LENGTH} characters.`);

export const newPassword = password.min(
  PASSWORD_MIN_LENGTH,
  `A password has at least ${PASSWORD_MIN_LENGTH} characters.`,
);

export const address = z.object({
  name: requiredLine(),
  line1: requiredLine(),
  line2: optionalLine,
  city: requiredLine(),
  region: optionalLine,
  postalCode: requiredLine(POSTAL_CODE_MAX_LENGTH),
  countryCode: z.string().toUpperCase(),
});

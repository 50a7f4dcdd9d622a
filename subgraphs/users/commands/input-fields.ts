import { z } from 'zod';
import { optionalLine, requiredLine } from '#platform/input/text.ts';
import {
  EMAIL_MAX_LENGTH,
  PASSWORD_MAX_LENGTH,
  PASSWORD_MIN_LENGTH,
  POSTAL_CODE_MAX_LENGTH,
  TEXT_MAX_LENGTH,
} from '../domain/limits.ts';

/** The form is checked by the scalar EmailAddress. */
export const email = z
  .string()
  .max(EMAIL_MAX_LENGTH, `An e-mail address has at most ${EMAIL_MAX_LENGTH} characters.`);

export const personName = requiredLine(TEXT_MAX_LENGTH);

/** Of a password that is there already: bounded, for a megabyte is not worth hashing. */
export const password = z
  .string()
  .max(PASSWORD_MAX_LENGTH, `A password has at most ${PASSWORD_MAX_LENGTH} characters.`);

export const newPassword = password.min(
  PASSWORD_MIN_LENGTH,
  `A password has at least ${PASSWORD_MIN_LENGTH} characters.`,
);

export const address = z.object({
  name: requiredLine(TEXT_MAX_LENGTH),
  line1: requiredLine(TEXT_MAX_LENGTH),
  line2: optionalLine(TEXT_MAX_LENGTH),
  city: requiredLine(TEXT_MAX_LENGTH),
  region: optionalLine(TEXT_MAX_LENGTH),
  postalCode: requiredLine(POSTAL_CODE_MAX_LENGTH),
  countryCode: z.string().toUpperCase(),
});

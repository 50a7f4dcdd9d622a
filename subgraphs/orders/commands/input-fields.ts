import { z } from 'zod';

/** Text that a person or a client gives, blanks around it cut off; never empty. @param atMost characters */
export const text = (atMost: number) =>
  z.string().trim().min(1, 'must not be empty').max(atMost, `at most ${atMost} characters`);

/** The same, but may be missing: an empty one is none. */
export const optionalText = (atMost: number) =>
  z
    .string()
    .trim()
    .max(atMost, `at most ${atMost} characters`)
    .nullish()
    .transform((value) => value || null);

/** Null where there is none; an empty one is a mistake. */
export const optionalKey = text(200)
  .nullish()
  .transform((key) => key ?? null);

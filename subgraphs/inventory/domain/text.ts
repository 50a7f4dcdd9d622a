import { z } from 'zod';

/** Whether PostgreSQL could store it: its text has no NUL. */
export function isText(value: string): boolean {
  return !value.includes('\0');
}

/** Text that a person gives, blanks around it cut off; never empty. @param atMost characters */
export const requiredText = (atMost: number) => optionalText(atMost).min(1, 'must not be empty');

/** The same, but may be empty. */
export const optionalText = (atMost: number) =>
  z.string().trim().max(atMost, `at most ${atMost} characters`).refine(isText, 'must not contain NUL');

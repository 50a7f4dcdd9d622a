/**
 * Text that comes from outside, for the inputs of every service. PostgreSQL stores no NUL, and JSON and UTF-8 carry no half
 * of a surrogate pair: text with either is refused wherever it stands. Names and the like are one line besides.
 */
import { z } from 'zod';

/**
 * Cc: C0 and C1 controls. And the two separators that break lines without being controls, and what turns the direction of
 * reading round: a name that holds one changes how whatever stands beside it is read.
 */
const UNSEEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
/** A text of several lines may break them, and indent. */
const UNSEEN_IN_PROSE = /[^\P{Cc}\t\n\r]/u;

/** Joiners and the like, which belong into names and are none by themselves. */
const SHOWS_NOTHING = /^[\p{Default_Ignorable_Code_Point}\p{White_Space}]*$/u;
const isEmpty = (text: string) => SHOWS_NOTHING.test(text);

/** Whether it can be stored and sent on as it is. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

const bounded = (atMost: number) => z.string().trim().max(atMost, `at most ${atMost} characters`);

/** One line, blanks around it cut off; may be empty. @param atMost UTF-16 units */
export const line = (atMost: number) =>
  bounded(atMost)
    .refine(isStorable, 'must be well-formed Unicode')
    .refine((text) => !UNSEEN.test(text), 'must be one line without control characters');

/** The same, but not empty. */
export const requiredLine = (atMost: number) =>
  line(atMost).refine((text) => !isEmpty(text), 'must not be empty');

/** The same, but may be missing: an empty one is none. */
export const optionalLine = (atMost: number) =>
  line(atMost)
    .nullish()
    .transform((text) => (text == null || isEmpty(text) ? null : text));

/** Text of several lines, blanks around it cut off; may be empty. */
export const prose = (atMost: number) =>
  bounded(atMost)
    .refine(isStorable, 'must be well-formed Unicode')
    .refine((text) => !UNSEEN_IN_PROSE.test(text), 'must not contain control characters');

/** The same, but not empty. */
export const requiredProse = (atMost: number) =>
  prose(atMost).refine((text) => !isEmpty(text), 'must not be empty');

/** The same, but may be missing: an empty one is none. */
export const optionalProse = (atMost: number) =>
  prose(atMost)
    .nullish()
    .transform((text) => (text == null || isEmpty(text) ? null : text));

/** What makes a mutation happen once. */
export const idempotencyKey = requiredLine(200);

/** The same where it need not be given: null without one; an empty one is a mistake. */
export const optionalIdempotencyKey = idempotencyKey.nullish().transform((key) => key ?? null);

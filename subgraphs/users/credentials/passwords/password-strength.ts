import type { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { Refusal } from '#platform/refusal/refusal.ts';
import { normalised } from './passwords.ts';

/** Of zxcvbn's scores from 0 to 4: at least 10^8 guesses, for somebody who knows what people choose. */
const SCORE_AT_LEAST = 3;
/** What is looked at of a password, and in pieces of what length: the work grows with the square of it. */
const LOOKED_AT = 72;
const PIECE = 24;
/** Readings of `p4$$w0rd` that are tried: with the library's hundred, what is made for it takes ten times as long. */
const SUBSTITUTIONS = 5;

/** Refuses a password that is easy to guess, by the field it came in: see {@link weaknessOf}. */
export async function refuseWeak(
  password: string,
  about: readonly string[],
  field: readonly string[],
): Promise<void> {
  const weakness = await weaknessOf(password, about);
  if (weakness !== null) throw new Refusal('INVALID_INPUT', weakness, field);
}

let loading: Promise<ZxcvbnFactory> | undefined;

/**
 * Why a password is too easy to guess, as a sentence for whoever chose it. Null where it is not (NIST SP 800-63B, 3.1.1.2: lists
 * and patterns, no rules of composition).
 * @param about what others know of them: their address, their name.
 */
export async function weaknessOf(password: string, about: readonly string[]): Promise<string | null> {
  loading ??= loadEstimator();
  const estimator = await loading;
  const inputs = [...new Set(about.flatMap(wordsOf))];
  const looked = without(inputs, normalised(password)).slice(0, LOOKED_AT);
  let warning: string | null = null;
  for (let from = 0; from === 0 || from < looked.length; from += PIECE) {
    const { score, feedback } = estimator.check(looked.slice(from, from + PIECE));
    if (score >= SCORE_AT_LEAST) return null;
    warning ??= feedback.warning;
  }
  return `This password is easy to guess. ${warning ?? 'Several words that do not belong together are harder.'}`;
}

/** `ada.lovelace@example.com` and `Ada Lovelace` are guessed in parts and together. */
function wordsOf(text: string): string[] {
  const words = text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 2);
  return [text.toLowerCase(), words.join(''), words.toReversed().join(''), ...words];
}

/** What is left of a password when what others know of its owner is taken out: the whole where nothing of it is. */
function without(known: readonly string[], password: string): string {
  const lower = password.toLowerCase();
  const left = known
    .toSorted((one, other) => other.length - one.length)
    .reduce((text, part) => (part.length > 2 ? text.replaceAll(part, '') : text), lower);
  return left === lower ? password : left;
}

/** When first needed: the lists take a tenth of a second and some 30 MB. */
async function loadEstimator(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory: Factory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ]);
  return new Factory({
    dictionary: { ...common.dictionary, ...english.dictionary, ours: ['ordergraph'] },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
    l33tMaxSubstitutions: SUBSTITUTIONS,
  });
}

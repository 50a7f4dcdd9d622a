/** One word of a search, and how alike a product's word must be to count as it: 0 not at all, 1 the same. */
export interface SearchTerm {
  readonly word: string;
  /** As pg_trgm's `word_similarity` measures it, from the trigrams two words have in common. */
  readonly similarity: number;
}

const TERMS_AT_MOST = 10;

/**
 * What a word must reach, by its length. A wrong letter spoils three trigrams, of which a short word has few: forgive
 * there as much as in a long word, and "tea" finds every "tent". In a long word two swapped letters are forgiven.
 */
const SIMILARITY = [
  { lettersAtMost: 3, similarity: 0.7 },
  { lettersAtMost: 4, similarity: 0.6 },
  { lettersAtMost: 6, similarity: 0.43 },
] as const;

/** Of words longer than those; no term asks for less. */
export const LEAST_SIMILARITY = 0.36;

/** The words a person typed, punctuation aside; of very many the first ten. */
export function searchTerms(search: string): SearchTerm[] {
  const words = search.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return [...new Set(words)].slice(0, TERMS_AT_MOST).map((word) => ({
    word,
    similarity:
      SIMILARITY.find(({ lettersAtMost }) => word.length <= lettersAtMost)?.similarity ?? LEAST_SIMILARITY,
  }));
}

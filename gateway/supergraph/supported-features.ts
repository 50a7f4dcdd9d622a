// Supergraph: which ones this gateway can run.
import { DEFAULT_SUPPORTED_SUPERGRAPH_FEATURES } from '@apollo/federation-internals';

/**
 * What a supergraph may ask of this gateway. Beside Apollo's own list `@context` and `@fromContext`, which the executor
 * does. Features for security that are not enforced here (`@authenticated`, `@requiresScopes`, `@policy`) stay out, so
 * that a supergraph which relies on them is refused.
 */
export const SUPPORTED_FEATURES: Set<string> = new Set([
  ...DEFAULT_SUPPORTED_SUPERGRAPH_FEATURES,
  'https://specs.apollo.dev/context/v0.1',
]);

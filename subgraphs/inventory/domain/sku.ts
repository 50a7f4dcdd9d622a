import { requiredLine } from '#platform/input/text.ts';

/** Of a variant that is there: SKUs are written in capitals, and however somebody writes one, it is the same. */
export const sku = requiredLine(100).transform((text) => text.toUpperCase());

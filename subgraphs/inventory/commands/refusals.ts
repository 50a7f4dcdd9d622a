import { Refusal } from '#platform/refusal/refusal.ts';

export const variantNotFound = (sku: string) =>
  new Refusal('NOT_FOUND', `There is no variant ${sku}.`, ['input', 'sku']);

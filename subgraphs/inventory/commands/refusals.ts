import { Refusal } from '#platform/errors/refusal.ts';

export const variantNotFound = (sku: string) =>
  new Refusal('NOT_FOUND', `There is no variant ${sku}.`, ['input', 'sku']);

import { toDecimal } from '#platform/money/money.ts';
import type { RefundResolvers } from './types.generated.ts';

export const Refund = {
  __resolveReference: ({ id }, { loaders }) => loaders.refund.load(id),
  amount: ({ amountMinor: minor, currencyCode }) => toDecimal({ minor, currencyCode }),
} satisfies RefundResolvers;

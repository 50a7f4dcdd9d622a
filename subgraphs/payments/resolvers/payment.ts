import { toDecimal } from '#platform/money/money.ts';
import { paymentCount } from '../loaders/payment-list.ts';
import { shownStatus } from '../domain/payment.ts';
import type {
  PaymentConnectionResolvers,
  PaymentResolvers,
  PaymentTransactionResolvers,
} from './types.generated.ts';

export const Payment = {
  __resolveReference: ({ id }, { loaders }) => loaders.payment.load(id),
  status: shownStatus,
  failure: ({ declineMessage, captureFailure }) => declineMessage ?? captureFailure,
  amount: ({ amountMinor: minor, currencyCode }) => toDecimal({ minor, currencyCode }),
  captured: ({ capturedMinor: minor, currencyCode }) => toDecimal({ minor, currencyCode }),
  refunded: ({ refundedMinor: minor, currencyCode }) => toDecimal({ minor, currencyCode }),
  transactions: ({ id }, _, { loaders }) => loaders.transactions.load(id),
  refunds: ({ id }, _, { loaders }) => loaders.refunds.load(id),
  order: ({ orderId }) => ({ id: orderId }),
} satisfies PaymentResolvers;

export const PaymentConnection = {
  totalCount: ({ criteria }, _, context) => paymentCount(context, criteria),
} satisfies PaymentConnectionResolvers;

export const PaymentTransaction = {
  id: ({ operationId }) => operationId,
  amount: ({ amountMinor: minor, currencyCode }) => toDecimal({ minor, currencyCode }),
} satisfies PaymentTransactionResolvers;

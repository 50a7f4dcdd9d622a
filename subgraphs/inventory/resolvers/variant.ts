import { toDecimal } from '#platform/money/money.ts';
import type { VariantResolvers } from './types.generated.ts';

export const Variant = {
  __resolveReference: (reference, { loaders }) =>
    'sku' in reference ? loaders.variantBySku.load(reference.sku) : loaders.variant.load(reference.id),
  price: ({ priceMinor, currencyCode }) => toDecimal({ minor: priceMinor, currencyCode }),
  async available({ id }, _, { loaders }) {
    const levels = await loaders.stockLevels.load(id);
    return levels.reduce((units, { onHand, reserved }) => units + onHand - reserved, 0);
  },
  stockLevels: ({ id }, _, { loaders }) => loaders.stockLevels.load(id),
  async product({ sku, productId }, _, { loaders }) {
    const product = await loaders.product.load(productId);
    if (product === null) throw new Error(`Variant ${sku} has no product.`);
    return product;
  },
} satisfies VariantResolvers;

import { isStaff } from '#platform/auth/actor.ts';
import { toDecimal } from '#platform/money/money.ts';
import { availabilityOf, publicUnits } from '../domain/availability.ts';
import type { Loaders } from '../loaders/loaders.ts';
import type { VariantResolvers } from './types.generated.ts';

export const Variant = {
  __resolveReference: (reference, { loaders }) =>
    'sku' in reference ? loaders.variantBySku.load(reference.sku) : loaders.variant.load(reference.id),
  price: ({ priceMinor, currencyCode }) => toDecimal({ minor: priceMinor, currencyCode }),
  availability: async ({ id }, _, { loaders }) => availabilityOf(await unitsOf(id, loaders)),
  async available({ id }, _, { loaders, actor }) {
    const units = await unitsOf(id, loaders);
    return isStaff(actor) ? units : publicUnits(units);
  },
  stockLevels: ({ id }, _, { loaders, actor }) => (isStaff(actor) ? loaders.stockLevels.load(id) : []),
  async product({ sku, productId }, _, { loaders }) {
    const product = await loaders.product.load(productId);
    if (product === null) throw new Error(`Variant ${sku} has no product.`);
    return product;
  },
} satisfies VariantResolvers;

/** Units that can be ordered now, over all warehouses. */
async function unitsOf(variantId: string, { stockLevels }: Loaders): Promise<number> {
  const levels = await stockLevels.load(variantId);
  return levels.reduce((units, { onHand, reserved }) => units + onHand - reserved, 0);
}

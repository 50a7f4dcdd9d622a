import { asPayload } from '#platform/refusal/refusal.ts';
import { adjustStock } from '../commands/adjust-stock.ts';
import { changePrice } from '../commands/change-price.ts';
import { createProduct } from '../commands/create-product.ts';
import type { Context } from '../context.ts';
import type { ProductRow, VariantRow } from '../db/tables.ts';
import type { InventoryErrorCode, MutationResolvers } from './types.generated.ts';

export const Mutation = {
  adjustStock: (_, { input }, context) => variantPayload(context, () => adjustStock(context, input)),
  changePrice: (_, { input }, context) => variantPayload(context, () => changePrice(context, input)),
  createProduct: (_, { input }, context) =>
    asPayload<{ product: ProductRow | null }, InventoryErrorCode>(
      async () => {
        const { productId } = await createProduct(context, input);
        return { product: await context.loaders.product.clear(productId).load(productId) };
      },
      { product: null },
    ),
} satisfies MutationResolvers;

/** The variant as the command left it, or why it was refused. What an earlier mutation of the request read is forgotten. */
function variantPayload({ loaders }: Context, command: () => Promise<{ variantId: string }>) {
  return asPayload<{ variant: VariantRow | null }, InventoryErrorCode>(
    async () => {
      const { variantId } = await command();
      loaders.stockLevels.clear(variantId);
      return { variant: await loaders.variant.clear(variantId).load(variantId) };
    },
    { variant: null },
  );
}

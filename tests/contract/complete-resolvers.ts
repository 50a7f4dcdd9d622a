// Compiled, never run: a field of a schema that nothing resolves would be null for ever, without a word.
import type { resolvers as inventory } from '#subgraphs/inventory/resolvers/index.ts';
import type * as InventoryTypes from '#subgraphs/inventory/resolvers/types.generated.ts';
import type { resolvers as orders } from '#subgraphs/orders/resolvers/index.ts';
import type * as OrdersTypes from '#subgraphs/orders/resolvers/types.generated.ts';
import type { resolvers as payments } from '#subgraphs/payments/resolvers/index.ts';
import type * as PaymentsTypes from '#subgraphs/payments/resolvers/types.generated.ts';
import type { resolvers as users } from '#subgraphs/users/resolvers/index.ts';
import type * as UsersTypes from '#subgraphs/users/resolvers/types.generated.ts';

type Root = 'Query' | 'Mutation' | 'Subscription';
type OfFederation = '__resolveReference' | '__isTypeOf' | '__resolveType';
type KeysAt<Types, Name> = Name extends keyof Types ? keyof Types[Name] : never;
type Scalar = { readonly name: string };

/** The fields of a type that have neither a resolver nor a property of that name in what is resolved. */
type FieldsLeft<Declared, Parents, Written, Name extends keyof Declared> = Exclude<
  keyof NonNullable<Declared[Name]>,
  OfFederation | KeysAt<Written, Name> | (Name extends Root ? never : KeysAt<Parents, Name>)
>;

/** {@link FieldsLeft} of each type that has any. */
type Unresolved<Declared, Parents, Written> = {
  [Name in keyof Declared as NonNullable<Declared[Name]> extends Scalar
    ? never
    : FieldsLeft<Declared, Parents, Written, Name> extends never
      ? never
      : Name]-?: FieldsLeft<Declared, Parents, Written, Name>;
};

/** Does not compile, and names the type and the field, unless there are none. */
type Complete<Subgraph extends { readonly [Name in keyof Subgraph]: never }> = Subgraph;

export type Checked = [
  Complete<Unresolved<InventoryTypes.Resolvers, InventoryTypes.ResolversParentTypes, typeof inventory>>,
  Complete<Unresolved<OrdersTypes.Resolvers, OrdersTypes.ResolversParentTypes, typeof orders>>,
  Complete<Unresolved<PaymentsTypes.Resolvers, PaymentsTypes.ResolversParentTypes, typeof payments>>,
  Complete<Unresolved<UsersTypes.Resolvers, UsersTypes.ResolversParentTypes, typeof users>>,
];

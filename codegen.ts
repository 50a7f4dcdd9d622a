import type { CodegenConfig } from '@graphql-codegen/cli';

/** Types that several outputs agree on: scalars as resolvers see them, enums as constants (Node strips types only). */
const shared = {
  enumsAsConst: true,
  useTypeImports: true,
  emitLegacyCommonJSImports: false,
  importExtension: '.ts',
  scalars: {
    _FieldSet: 'string',
    CountryCode: 'string',
    CurrencyCode: 'string',
    DateTime: { input: 'Date', output: 'Date | string' },
    Decimal: 'string',
    EmailAddress: 'string',
    ID: { input: 'string', output: 'string' },
  },
};

/** Resolver types of one subgraph. `mappers` name what a resolver's parent is: a row of ours, not the GraphQL type. */
function subgraph(name: string, mappers: Record<string, string>): CodegenConfig['generates'] {
  return {
    [`subgraphs/${name}/resolvers/types.generated.ts`]: {
      schema: `schema/${name}.graphql`,
      plugins: ['typescript', 'typescript-resolvers'],
      config: { ...shared, federation: true, contextType: '../context.ts#Context', mappers },
    },
  };
}

/** Typed documents of operations on the whole graph: the variables they take and the data they answer. */
function documents(folder: string): CodegenConfig['generates'] {
  return {
    [`${folder}/documents.generated.ts`]: {
      schema: 'schema/api.graphql',
      documents: `${folder}/*.graphql`,
      plugins: ['typescript-operations', 'typed-document-node'],
      config: { ...shared, scalars: { ...shared.scalars, DateTime: 'string' } },
    },
  };
}

const config: CodegenConfig = {
  generates: {
    ...documents('tests/documents'),
    ...subgraph('users', { User: '../db/tables.ts#UserRow', Address: '../db/tables.ts#AddressRow' }),
    ...subgraph('inventory', {
      Product: '../db/tables.ts#ProductRow',
      ProductConnection: './parents.ts#ProductConnectionParent',
      StockLevel: '../db/tables.ts#StockLevelRow',
      Variant: '../db/tables.ts#VariantRow',
      Warehouse: '../db/tables.ts#WarehouseRow',
    }),
    ...subgraph('payments', {
      Order: './parents.ts#OrderStub',
      Payment: '../db/tables.ts#PaymentRow',
      PaymentConnection: './parents.ts#PaymentConnectionParent',
      PaymentTransaction: '../db/tables.ts#TransactionRow',
      Refund: '../db/tables.ts#RefundRow',
    }),
    ...subgraph('orders', {
      Order: '../db/tables.ts#OrderRow',
      OrderConnection: './parents.ts#OrderConnectionParent',
      OrderEvent: '../db/tables.ts#OrderEventRow',
      OrderLine: './parents.ts#OrderLineParent',
      OrderUpdate: '../streams/order-streams.ts#OrderMove',
      User: './parents.ts#UserStub',
    }),
  },
};

export default config;

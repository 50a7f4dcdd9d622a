import type { FloorCall } from '../floor.ts';

/**
 * The second workload: what a shop's front end shows to a customer who is logged in. Who they are and where they live
 * (users), what they ordered (orders), how it was paid (payments), and what is for sale and in stock (inventory), both
 * beside the ordered lines and as a catalogue.
 */
const ORDERS = 5;
const PRODUCTS = 12;

const MONEY = '{ amount currencyCode }';
const ADDRESS = 'name line1 line2 city region postalCode countryCode';
const ACCOUNT = `id name email addresses { id ${ADDRESS} }`;
const STOCKED = `id sku name available price ${MONEY} stockLevels { warehouse { code name } onHand reserved }`;
const PAID = `id status amount ${MONEY} captured ${MONEY} refunded ${MONEY}
  transactions { id kind status amount ${MONEY} at } refunds { id status reason amount ${MONEY} }`;
const ordered = (variant: string, payment: string) => `totalCount nodes {
  id number version status reason createdAt total ${MONEY}
  shippingAddress { ${ADDRESS} } shipment { carrier trackingNumber shippedAt deliveredAt }
  lines { sku name quantity unitPrice ${MONEY} ${variant} } ${payment}
}`;
const catalogue = (variant: string) =>
  `products(first: ${PRODUCTS}) { nodes { id name description variants { ${variant} } } pageInfo { hasNextPage endCursor } }`;

export const PAGE_QUERY = `
  query Page {
    me { ${ACCOUNT} orders(first: ${ORDERS}) { ${ordered('variant { ...Stocked }', `payment { ${PAID} }`)} } }
    ${catalogue('...Stocked')}
  }
  fragment Stocked on Variant { ${STOCKED} }
`;

/** The same work under names of its own in every subgraph, so that nobody has seen it: the `n`th new operation. */
export function newPageQuery(n: number): string {
  return PAGE_QUERY.replace('query Page', `query Page${n}`)
    .replace('me { id', `me { id${n}: id`)
    .replace('number version', `number${n}: number version`)
    .replace('payment { id', `payment { id${n}: id`)
    .replace('on Variant { id', `on Variant { id${n}: id`);
}

interface Page {
  readonly me: {
    readonly orders: {
      readonly nodes: readonly { readonly id: string; readonly lines: readonly { readonly sku: string }[] }[];
    };
  };
}

type SubgraphUrls = Readonly<Record<'users' | 'orders' | 'payments' | 'inventory', string>>;

/** One call to each subgraph: the least for a query over all of them. */
export function pageFloor(data: unknown, urls: SubgraphUrls): readonly (readonly FloorCall[])[] {
  const { nodes } = (data as Page).me.orders;
  const skus = new Set(nodes.flatMap(({ lines }) => lines.map(({ sku }) => sku)));
  return [
    [
      { url: urls.users, query: `{ me { ${ACCOUNT} } }` },
      { url: urls.orders, query: `{ orders(first: ${ORDERS}) { ${ordered('', '')} } }` },
    ],
    [
      {
        url: urls.payments,
        query: entities(`... on Order { payment { ${PAID} } }`),
        representations: nodes.map(({ id }) => ({ __typename: 'Order', id })),
      },
      {
        url: urls.inventory,
        query: entities(`... on Variant { ${STOCKED} }`, catalogue(STOCKED)),
        representations: [...skus].map((sku) => ({ __typename: 'Variant', sku })),
      },
    ],
  ];
}

function entities(selection: string, beside = ''): string {
  return `query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } ${beside} }`;
}

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n';

export const ORDERS_SDL = `${LINK}
  type Query { order: Order }
  type Subscription { orderUpdated(id: ID!): Order! }
  type Order @key(fields: "id") { id: ID! status: String! total: Int! at: String! user: User! }
  type User @key(fields: "id", resolvable: false) { id: ID! }`;

export const USERS_SDL = `${LINK}
  type Query { me: User }
  type User @key(fields: "id") { id: ID! name: String! email: String! }`;

/** What each client follows, and what the floor asks of the orders subgraph for it. */
export const CLIENT_OPERATION =
  'subscription ($id: ID!) { orderUpdated(id: $id) { id status total at user { id name email } } }';
export const FLOOR_OPERATION =
  'subscription ($id: ID!) { orderUpdated(id: $id) { id status total at user { id } } }';

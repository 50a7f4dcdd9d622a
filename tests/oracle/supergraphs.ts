// The supergraphs of the oracle, each of its own character.
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

const IMPORTS =
  '@key @external @provides @requires @shareable @override @interfaceObject @inaccessible @context @fromContext';
const LINK = `extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.8", import: ${JSON.stringify(IMPORTS.split(' '))})\n`;

/** Subgraphs that are composed for the oracle. */
export interface SupergraphCase {
  readonly name: string;
  /** SDL by subgraph. */
  readonly subgraphs: Readonly<Record<string, string>>;
}

/** Entities reached from many sides, `@requires`, `@provides`, lists of lists, names that JavaScript knows too. */
const shop: SupergraphCase = {
  name: 'shop',
  subgraphs: {
    products: `
      type Query { products(first: Int = 2): [Product!]! product(id: ID!): Product grid: [[Product!]] }
      type Product @key(fields: "id") {
        id: ID! name: String price(currency: Currency = USD): Int! weight: Int constructor: String size: Size @shareable
      }
      type Size @shareable { width: Int! height: Int }
      enum Currency { USD EUR GBP }`,
    users: `
      type Query { me: User users: [User!] }
      type User @key(fields: "id") { id: ID! name: String! @shareable toString: String friends: [User] favourites: [Product] }
      type Product @key(fields: "id", resolvable: false) { id: ID! }`,
    reviews: `
      type Query { latest: [Review] }
      type Review { id: ID! body: String stars: Int! author: User @provides(fields: "name") product: Product! }
      type User @key(fields: "id") { id: ID! name: String! @external reviews(limit: Int): [Review!] }
      type Product @key(fields: "id") { id: ID! reviews: [Review] matrix: [[Review!]]! rating: Float }`,
    stock: `
      type Query { stocked: [Product] }
      type Product @key(fields: "id") {
        id: ID! weight: Int @external rating: Float @external
        inStock: Boolean shipping: Int @requires(fields: "weight") packing: String! @requires(fields: "size { width height } rating")
        size: Size @external
      }
      type Size @shareable { width: Int! height: Int }`,
  },
};

/** Interfaces and unions whose members live in different subgraphs. */
const abstracts: SupergraphCase = {
  name: 'abstracts',
  subgraphs: {
    catalogue: `
      type Query { nodes: [Node] search(text: String): [Hit!]! favourite: Item! hit: Hit }
      interface Node { id: ID! }
      interface Item { title: String price: Int! owner: Person }
      type Book implements Node & Item @key(fields: "id") { id: ID! title: String price: Int! owner: Person pages: Int! related: [Item!] }
      type Film implements Node & Item @key(fields: "id") { id: ID! title: String price: Int! owner: Person length: Int }
      type Game implements Item { title: String price: Int! owner: Person players: [Int!] }
      union Hit = Book | Film | Person
      type Person implements Node @key(fields: "id") { id: ID! }`,
    people: `
      type Query { people: [Person!] anyone: Contact }
      interface Contact { email: String }
      type Person implements Contact @key(fields: "id") { id: ID! email: String name: String! owns: [Thing] }
      type Firm implements Contact { email: String staff: [Person!]! }
      union Thing = Book | Film
      type Book @key(fields: "id") { id: ID! }
      type Film @key(fields: "id") { id: ID! }`,
    critics: `
      type Query { rated: [Rated!] }
      interface Rated { score: Float }
      type Book implements Rated @key(fields: "id") { id: ID! score: Float critics: [Person] }
      type Film implements Rated @key(fields: "id") { id: ID! score: Float title: String @external blurb: String @requires(fields: "title") }
      type Person @key(fields: "id") { id: ID! }`,
  },
};

/** `@interfaceObject`: a subgraph that adds to every member of an interface without knowing them. */
const interfaceObjects: SupergraphCase = {
  name: 'interface-objects',
  subgraphs: {
    media: `
      type Query { media: [Media] medium(id: ID!): Media books: [Book!] }
      interface Media @key(fields: "id") { id: ID! title: String }
      type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int! }
      type Song implements Media @key(fields: "id") { id: ID! title: String seconds: Int }`,
    reviews: `
      type Query { top: [Media!] reviewed: Media }
      type Media @interfaceObject @key(fields: "id") { id: ID! reviews: [Review] likes: Int! title: String @external summary: String @requires(fields: "title") }
      type Review @key(fields: "id") { id: ID! text: String about: Media }`,
    shelves: `
      type Query { shelf: [Book] }
      type Book @key(fields: "id") { id: ID! place: String }
      type Review @key(fields: "id") { id: ID! helpful: Boolean }`,
  },
};

/** Shareable value types, enums, scalars and types with inaccessible parts, inputs, keys of several fields. */
const values: SupergraphCase = {
  name: 'values',
  subgraphs: {
    orders: `
      type Query { orders(filter: Filter, limit: Int): [Order!] order(number: Int!): Order shapes: [Shape] }
      input Filter { status: Status = OPEN tags: [String!] nested: Filter range: Range }
      input Range { from: Float to: Float! }
      enum Status { OPEN CLOSED SECRET @inaccessible }
      scalar JSON
      type Order @key(fields: "number region { code }") {
        number: Int! region: Region! status: Status statuses: [Status!]! total: Money meta: JSON placedBy: Account hidden: String @inaccessible
      }
      type Region @shareable { code: String! label: String }
      type Money @shareable { amount: Int! currency: String }
      interface Shape { area: Float }
      type Square implements Shape { area: Float side: Float! }
      type Blob implements Shape @inaccessible { area: Float }
      type Account @key(fields: "email") { email: String! }`,
    billing: `
      type Query { invoices(status: [Status!]): [Invoice] }
      enum Status { OPEN CLOSED SECRET @inaccessible }
      type Order @key(fields: "number region { code }") { number: Int! region: Region! invoice: Invoice discount: Money @requires(fields: "total { amount currency }") total: Money @external }
      type Region @shareable { code: String! label: String }
      type Money @shareable { amount: Int! currency: String }
      type Invoice { no: ID! sum: Money! status: Status lines: [[Money]!] of: Order }`,
    accounts: `
      type Query { account: Account }
      type Account @key(fields: "email") @key(fields: "id") { id: ID! email: String! balance: Money orders: [Order] }
      type Money @shareable { amount: Int! currency: String }
      type Order @key(fields: "number region { code }", resolvable: false) { number: Int! region: Region! }
      type Region @shareable { code: String! label: String }`,
    profiles: `
      type Query { profiles: [Account!]! }
      type Account @key(fields: "id") { id: ID! nick: String avatar(size: Int!): String }`,
  },
};

/** Mutations over several subgraphs, payloads that lead back to the root, `@override`, chains of keys. */
const mutations: SupergraphCase = {
  name: 'mutations',
  subgraphs: {
    carts: `
      type Query { cart(id: ID!): Cart carts: [Cart!]! }
      type Mutation { addItem(sku: String!, quantity: Int = 1): CartPayload clear: CartPayload! }
      type CartPayload { cart: Cart query: Query errors: [String!] }
      type Cart @key(fields: "id") { id: ID! items: [Line!] note: String total: Int }
      type Line { sku: String! quantity: Int! variant: Variant }
      type Variant @key(fields: "sku") { sku: String! }`,
    catalogue: `
      type Query { variants: [Variant] }
      type Mutation { rename(sku: String!, name: String): Variant touch: Int! }
      type Variant @key(fields: "sku") @key(fields: "id") { sku: String! id: ID! name: String legacy: Int }`,
    prices: `
      type Query { currency: String }
      type Mutation { reprice(id: ID!, cents: Int!): Variant }
      type Variant @key(fields: "id") { id: ID! cents: Int! was: [Int] legacy: Int @override(from: "catalogue") }
      type Cart @key(fields: "id") { id: ID! total: Int @override(from: "carts") }`,
  },
};

/** `@fromContext`: arguments that the gateway takes from the objects above. */
const contexts: SupergraphCase = {
  name: 'contexts',
  subgraphs: {
    shops: `
      type Query { shops: [Shop!] shop: Shop flagship: Shop! }
      type Shop @key(fields: "id") @context(name: "shop") { id: ID! currency: String city: City items: [Item] best: Item! boxes: [Box!] }
      type City { zone: Int }
      type Box { items: [Item!]! }
      type Item @key(fields: "id") {
        id: ID! price(currency: String @fromContext(field: "$shop { currency }"), net: Boolean): Int
        label(zone: Int @fromContext(field: "$shop { city { zone } }")): String
      }`,
    items: `
      type Query { clock: Int }
      type Item @key(fields: "id") { id: ID! name: String! shop: Shop }
      type Shop @key(fields: "id") { id: ID! motto: String }`,
  },
};

/** One field needed with several arguments at once: by the client and by different `@requires`. */
const argumentsOfRequires: SupergraphCase = {
  name: 'arguments-of-requires',
  subgraphs: {
    goods: `
      type Query { goods: [Good!] good: Good }
      enum Unit { KG LB }
      type Good @key(fields: "id") { id: ID! name: String weight(unit: Unit = KG): Int price(currency: String!): Int! box: Box }
      type Box @shareable { side(unit: Unit): Int colour: String }`,
    duty: `
      enum Unit { KG LB }
      type Good @key(fields: "id") {
        id: ID! weight(unit: Unit = KG): Int @external price(currency: String!): Int! @external
        duty: Int @requires(fields: "weight(unit: LB)") vat: Int @requires(fields: "price(currency: \\"EUR\\")")
        fee: Int @requires(fields: "price(currency: \\"GBP\\") weight(unit: KG)")
      }
      type Query { dutiable: [Good] }`,
    freight: `
      enum Unit { KG LB }
      type Good @key(fields: "id") { id: ID! weight(unit: Unit = KG): Int @external box: Box @external
        freight: Int @requires(fields: "weight(unit: KG)") crate: Int @requires(fields: "box { side(unit: LB) colour }") }
      type Box @shareable { side(unit: Unit): Int colour: String }`,
  },
};

/** Keys that lead nowhere beside keys that do. */
const unresolvable: SupergraphCase = {
  name: 'unresolvable-keys',
  subgraphs: {
    a: `
      type Query { user: User users: [User] }
      type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! size: Int friend: User }`,
    b: `
      type Query { member: User members: [User!] }
      type User @key(fields: "id", resolvable: false) @key(fields: "email") {
        id: ID! email: String! size: Int @external age: Int @requires(fields: "size") rank: Int! }`,
    c: `
      type Query { guest: User }
      type User @key(fields: "id") { id: ID! nick: String buddies: [User!] }`,
  },
};

/** Keys and requirements with lists and values in them, a field whose type subgraphs see differently. */
const nestedValues: SupergraphCase = {
  name: 'nested-values',
  subgraphs: {
    desk: `
      type Query { orders: [Order!] order: Order book: Book @shareable books: [Book!]! @shareable reader: Reader }
      type Order @key(fields: "id items { sku parts { code } }") { id: ID! items: [Item!]! note: String }
      type Item @shareable { sku: ID! parts: [[Part!]!] }
      type Part @shareable { code: String! }
      type Book @key(fields: "id") { id: ID! title: String }
      type Reader @key(fields: "id") { id: ID! profile: Profile profiles: [Profile] favourite: Book @shareable }
      type Profile { name: String age: Int place: Place }
      type Place { city: String! street: String }`,
    house: `
      type Query { book: Media @shareable books: [Media!]! @shareable }
      interface Media { id: ID! }
      type Book implements Media @key(fields: "id") { id: ID! pages: Int }
      type Order @key(fields: "id items { sku parts { code } }") { id: ID! items: [Item!]! total: Int }
      type Item @shareable { sku: ID! parts: [[Part!]!] }
      type Part @shareable { code: String! }
      type Reader @key(fields: "id") { id: ID! favourite: Media @shareable }`,
    office: `
      type Query { office: Int }
      type Order @key(fields: "id items { sku parts { code } }") { id: ID! items: [Item!]! total: Int @external fee: Int @requires(fields: "total") }
      type Item @shareable { sku: ID! parts: [[Part!]!] }
      type Part @shareable { code: String! }
      type Reader @key(fields: "id") { id: ID! profile: Profile @external profiles: [Profile] @external
        basic: String! @requires(fields: "profile { name }") full: String @requires(fields: "profile { name age }")
        far: Int @requires(fields: "profile { place { city street } }") all: [Int!] @requires(fields: "profiles { age place { city } }") }
      type Profile @external { name: String age: Int place: Place }
      type Place @external { city: String! street: String }`,
  },
};

export const SUPERGRAPHS: readonly SupergraphCase[] = [
  shop,
  abstracts,
  interfaceObjects,
  values,
  mutations,
  contexts,
  argumentsOfRequires,
  unresolvable,
  nestedValues,
];

/** Supergraph SDL. Throws with composition's own errors. */
export function compose({ name, subgraphs }: SupergraphCase): string {
  const services = Object.entries(subgraphs).map(([subgraph, sdl]) => ({
    name: subgraph,
    url: `http://${subgraph}.invalid/graphql`,
    typeDefs: parse(LINK + sdl),
  }));
  const { errors, supergraphSdl } = composeServices(services);
  if (errors !== undefined) throw new Error(`${name} does not compose:\n${errors.map(String).join('\n')}`);
  return supergraphSdl;
}

/** A subgraph's SDL with its federation imports. */
export function subgraphSdl(sdl: string): string {
  return LINK + sdl;
}

/** An order as payments knows one: an id. */
export interface OrderStub {
  readonly id: string;
}

// Running: the entities that a step found, and how they are told to the subgraph.
/** Where `gather` puts what it finds. Equal representations are sent once: `slots[i]` is that of `entities[i]`. */
export interface Gathered {
  readonly entities: object[];
  readonly slots: number[];
  readonly representations: unknown[];
  /** Slots by what identifies the entity. */
  readonly seen: Map<unknown, number>;
  /** Slots by the whole representation, where entities that are called the same are told differently. */
  readonly variants: Map<string, number>;
  /** Entities that cannot be told, since something in them is nested too deep. */
  refused: object[] | undefined;
}

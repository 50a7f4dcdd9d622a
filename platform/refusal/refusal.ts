/** An expected refusal of a mutation: bad input, a lost race, a status that forbids it. Becomes an entry of `userErrors`. */
export class Refusal<Code extends string = string> extends Error {
  readonly code: Code;
  /** Path of the input field at fault, such as `['input', 'lines', '0', 'quantity']`. */
  readonly field: string[] | null;
  /** Seconds until the same may be accepted; undefined where time alone does not help. */
  readonly retryAfter: number | undefined;

  constructor(
    code: Code,
    message: string,
    field: readonly (string | number)[] | null = null,
    { retryAfter }: { retryAfter?: number } = {},
  ) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.field = field === null ? null : field.map(String);
    this.retryAfter = retryAfter;
  }
}

export interface UserError<Code extends string> {
  code: Code;
  field: string[] | null;
  message: string;
  retryAfter?: number;
}

/**
 * The one place where a command's refusal becomes a mutation payload: the result and no errors, or the errors and no
 * result. Everything that is not a {@link Refusal} is unexpected and stays an exception.
 */
export async function asPayload<Result extends object, Code extends string>(
  run: () => Promise<Result>,
  refused: Result,
): Promise<Result & { userErrors: UserError<Code>[] }> {
  try {
    return { ...(await run()), userErrors: [] };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, field, message, retryAfter } = error;
    const told = { code: code as Code, field, message, ...(retryAfter !== undefined && { retryAfter }) };
    return { ...refused, userErrors: [told] };
  }
}

/** How the simulator treats a payment method. */
export interface CardBehaviour {
  readonly declines?: {
    readonly operation: 'AUTHORISE' | 'CAPTURE' | 'REFUND';
    readonly code: 'DECLINED' | 'INSUFFICIENT_FUNDS';
    readonly message: string;
  };
  /** Takes its time over the authorisation. */
  readonly slow?: true;
  /** No authorisation ever arrives. */
  readonly unreachable?: true;
  /** The first call of every idempotency key gets lost on its way. */
  readonly losesFirstCall?: true;
  /** Holds for as long as this, and not as long as others. */
  readonly holdMs?: number;
  /** The authorisation is made, but its answer never arrives. */
  readonly losesAnswers?: true;
}

const CARDS: Readonly<Record<string, CardBehaviour>> = {
  tok_visa: {},
  tok_declined: { declines: { operation: 'AUTHORISE', code: 'DECLINED', message: 'The card was declined.' } },
  tok_insufficient_funds: {
    declines: {
      operation: 'AUTHORISE',
      code: 'INSUFFICIENT_FUNDS',
      message: 'There is not enough money on the card.',
    },
  },
  tok_slow: { slow: true },
  tok_provider_down: { unreachable: true },
  tok_flaky: { losesFirstCall: true },
  tok_answer_lost: { losesAnswers: true },
  tok_short_hold: { holdMs: 60_000 },
  tok_capture_declined: {
    declines: { operation: 'CAPTURE', code: 'DECLINED', message: 'The hold has ended.' },
  },
  tok_refund_declined: {
    declines: { operation: 'REFUND', code: 'DECLINED', message: 'The card is closed.' },
  },
};

const UNKNOWN_CARD: CardBehaviour = {
  declines: { operation: 'AUTHORISE', code: 'DECLINED', message: 'There is no such card.' },
};

export function behaviourOf(token: string): CardBehaviour {
  return Object.hasOwn(CARDS, token) ? (CARDS[token] as CardBehaviour) : UNKNOWN_CARD;
}

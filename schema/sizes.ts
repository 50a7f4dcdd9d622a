const MIB = 1024 * 1024;

/*
 * What one message may hold, in bytes, each bound from the one before it. The gateway runs on other subgraphs too, which
 * may take less or send more: for it these are the defaults of settings.
 */

/** From a client. */
export const CLIENT_MESSAGE_BYTES = MIB;
/** From the gateway to a subgraph: it adds keys, type names, aliases and headers, and writes fragments out. */
export const SUBGRAPH_REQUEST_BYTES = 4 * CLIENT_MESSAGE_BYTES;
/** From a subgraph to the gateway: an answer, or one event of a subscription. */
export const SUBGRAPH_ANSWER_BYTES = 16 * MIB;

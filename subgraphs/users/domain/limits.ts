/** Lengths are in UTF-16 code units, as JavaScript and JSON count them. */
export const PASSWORD_MIN_LENGTH = 12;
export const PASSWORD_MAX_LENGTH = 200;
/** RFC 5321, 4.5.3.1.3: a path of 256 octets with its angle brackets. */
export const EMAIL_MAX_LENGTH = 254;
export const TEXT_MAX_LENGTH = 200;
export const POSTAL_CODE_MAX_LENGTH = 20;
export const ADDRESSES_PER_USER = 50;
/** Log-ins that go on at once: a device or a browser each. */
export const SESSIONS_PER_USER = 50;
/**
 * Used refresh tokens that are told apart from unknown ones: five days of refreshing every 15 minutes. One older than these does
 * not work either, but no longer ends its session.
 */
export const USED_TOKENS_PER_SESSION = 500;

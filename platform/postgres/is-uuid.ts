const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether PostgreSQL would take the text as a uuid. An id that is none names nothing: answer not found, do not ask. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

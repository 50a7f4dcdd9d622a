/** One clock for all processes of a machine, in ms with fractions: it never steps, and starts with the machine. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

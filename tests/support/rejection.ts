/** What `promise` rejects with, for tests that act between starting something and its failure. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`rejected with ${String(error)}`, { cause: error });
  }
  throw new Error('did not reject');
}

import type { ServerResponse } from 'node:http';
import type { Admission } from '#gateway/admission.ts';

/** The answers that are not out yet. Each counts as one thing under way. */
export interface OpenAnswers extends Disposable {
  /** Counts until the answer is out or its connection is gone; `onGone` is called in the latter case. */
  begin(response: ServerResponse, onGone: () => void): void;
}

/** @param patienceMs a client that takes nothing of its answer for so long has its connection closed */
export function createOpenAnswers(admission: Admission, patienceMs: number): OpenAnswers {
  const answers = new Set<ServerResponse>();

  /** Node then closes the socket when nothing moves on it; what comes after the answer sets a time of its own. */
  function sweep(): void {
    for (const { writableEnded, socket } of answers) {
      if (writableEnded && socket !== null && socket.timeout !== patienceMs) socket.setTimeout(patienceMs);
    }
  }
  const sweeping = setInterval(sweep, patienceMs).unref();

  return {
    begin(response, onGone) {
      admission.begin();
      answers.add(response);
      response.once('close', () => {
        answers.delete(response);
        admission.end();
        if (!response.writableFinished) onGone();
      });
    },
    [Symbol.dispose]: () => clearInterval(sweeping),
  };
}

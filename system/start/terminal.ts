import path from 'node:path';
import type { System, SystemEvent } from './system.ts';

/** What is shown while a system starts and runs: a line for each thing done, and on a terminal what is under way. */
export interface Display {
  show(event: SystemEvent): void;
  line(text: string): void;
}

const CLEAR_LINE = '\r\u001B[K';
const NAME_WIDTH = 12;

export function createDisplay(out: NodeJS.WriteStream): Display {
  const underWay = new Set<string>();
  const width = () => Math.max(20, (out.columns ?? 80) - 1);

  function line(text: string) {
    if (out.isTTY) out.write(CLEAR_LINE);
    out.write(`${text}\n`);
    if (out.isTTY && underWay.size > 0) out.write(`  … ${[...underWay].join(', ')}`.slice(0, width()));
  }

  return {
    line,
    show(event) {
      switch (event.kind) {
        case 'step begun':
          underWay.add(event.step);
          // Without a terminal to redraw, the beginning is a line of its own: a log must not stand still for seconds.
          if (out.isTTY) out.write(`${CLEAR_LINE}${`  … ${[...underWay].join(', ')}`.slice(0, width())}`);
          else line(`  … ${event.step}`);
          return;
        case 'step done':
          underWay.delete(event.step);
          return line(`  ✓ ${event.step.padEnd(NAME_WIDTH)} ${event.note}  (${seconds(event.ms)})`);
        case 'note':
          return line(`  · ${event.text}`);
        case 'warning':
          return line(`  ! ${event.service.padEnd(NAME_WIDTH)} ${event.text}`);
        case 'ended':
          return line(
            `  ✗ ${event.service.padEnd(NAME_WIDTH)} ended (${event.how}): starting it again in ${event.againInMs} ms`,
          );
        case 'up again':
          return line(`  ✓ ${event.service.padEnd(NAME_WIDTH)} is up again after ${seconds(event.afterMs)}`);
      }
    },
  };
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** The one table that ends a start. Passwords are shown by the start that made them; later ones name the file. */
export function summary({ origin, secrets }: System, dataFolder: string, ms: number): string {
  const relative = path.relative(process.cwd(), dataFolder) || '.';
  const shown = relative.startsWith('..') ? dataFolder : relative;
  const rows: [string, string][] = [
    ['GraphQL', `${origin}/graphql`],
    ['Subscriptions', `${origin.replace('http', 'ws')}/graphql`],
    ['Explorer', `${origin}/graphql in a browser; offline: ${origin}/explorer`],
    ['Health', `${origin}/health`],
    ...secrets.accounts.map(({ email, roles, password }, index): [string, string] => [
      index === 0 ? 'Log-ins' : '',
      `${email.padEnd(20)} ${roles.join(', ').padEnd(9)} ${secrets.fresh ? password : ''}`.trimEnd(),
    ]),
    ['', `${secrets.fresh ? 'kept' : 'passwords'} in ${path.join(shown, 'secrets.json')}`],
    ['Logs', path.join(shown, 'logs')],
    ['Try it', 'npm run demo, in another terminal'],
    ['Stop', 'Ctrl-C'],
  ];
  const labels = Math.max(...rows.map(([label]) => label.length));
  return [
    '',
    `Ordergraph is ready, after ${seconds(ms)}.`,
    '',
    ...rows.map(([label, text]) => `  ${label.padEnd(labels)}   ${text}`),
    '',
  ].join('\n');
}

import type { Figures } from './measure.ts';

const COLUMNS: readonly { title: string; cell: (figures: Figures, floor: Figures) => string }[] = [
  { title: 'requests/s', cell: ({ requestsPerSecond }) => requestsPerSecond.toFixed(0) },
  { title: 'p99 ms', cell: ({ p99Ms }) => p99Ms.toFixed(0) },
  { title: 'cpu ms/request', cell: ({ cpuMsPerRequest }) => cpuMsPerRequest.toFixed(3) },
  {
    title: '× floor',
    cell: (figures, floor) => (figures.cpuMsPerRequest / floor.cpuMsPerRequest).toFixed(2),
  },
  { title: 'peak MB', cell: (figures) => figures.peakMb.toFixed(0) },
  { title: 'calls alone', cell: ({ callsAlone }) => String(callsAlone) },
  { title: 'under load', cell: ({ callsUnderLoad }) => callsUnderLoad.toFixed(2) },
  { title: 'new operation ms', cell: ({ newOperationMs }) => newOperationMs?.toFixed(0) ?? '–' },
];

export function table(rows: readonly Figures[], floor: Figures): string {
  const cells = [
    ['', ...COLUMNS.map(({ title }) => title)],
    ...rows.map((row) => [row.name, ...COLUMNS.map(({ cell }) => cell(row, floor))]),
  ];
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map((row) =>
      row
        .map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

export interface Target {
  readonly promise: string;
  readonly measured: number;
  readonly atMost: number;
}

/** One line a promise, and whether all were kept. */
export function verdict(targets: readonly Target[]): { text: string; kept: boolean } {
  const lines = targets.map(({ promise, measured, atMost }) => {
    const kept = measured <= atMost;
    return `${kept ? 'kept  ' : 'MISSED'}  ${promise}: ${measured.toFixed(2)} (at most ${atMost})`;
  });
  return { text: lines.join('\n'), kept: targets.every(({ measured, atMost }) => measured <= atMost) };
}

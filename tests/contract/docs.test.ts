/** What the documents name is there: files, commands, settings, decisions. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = path.resolve(import.meta.dirname, '../..');
const SELF = path.relative(ROOT, import.meta.filename);
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(ROOT, file)));
/** Decisions tell of what was, too. */
const documents = files.filter((file) => file.endsWith('.md') && !file.startsWith('docs/decisions/'));
const sources = files.filter(
  (file) => file !== SELF && /\.(?:ts|yml|sh)$|^\.ci\/run$|^deploy\/|^\.env\.example$/.test(file),
);
const settings = new Set(
  sources.flatMap((file) => read(file).match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []),
);
const scripts = packageJson.scripts as Record<string, string>;

/** Paths that are no file of ours, or are made when something runs. */
const ELSEWHERE = /^(?:node_modules|\.data|\.env|https?:|mailto:|#)|[*<…{]|^\/|^~/;
const TOP = new Set(files.map((file) => file.split('/')[0] ?? ''));

/** What stands in backticks or links and looks like a path of this repository, and where it would be. */
function pathsIn(text: string, from: string): string[] {
  const named = [...text.matchAll(/`([\w.@/-]+\/[\w.@/-]*)`/g)].map(([, name = '']) => name);
  const linked = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, name = '']) => name.replace(/#.*/, ''));
  const ofRoot = named.filter((name) => TOP.has(name.split('/')[0] ?? ''));
  return [
    ...ofRoot.filter((name) => !ELSEWHERE.test(name)),
    ...linked
      .filter((name) => name !== '' && !ELSEWHERE.test(name))
      .map((name) => path.join(path.dirname(from), name)),
  ];
}

test('a path, a command and a setting that are not there are found', () => {
  expect(pathsIn('`gateway/nowhere.ts` and [this](nothing.md)', 'README.md')).toEqual([
    'gateway/nowhere.ts',
    'nothing.md',
  ]);
  expect(settings.has('NO_SUCH_SETTING')).toBe(false);
});

const SCHEMA = files
  .filter((file) => file.endsWith('.graphql'))
  .map(read)
  .join('\n');

describe.each(documents)('%s', (document) => {
  const text = read(document);

  test('names files that exist', () => {
    expect(pathsIn(text, document).filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });

  test('names sources that exist, whole or by their end', () => {
    const named = [...text.matchAll(/`([\w.@/-]+\.(?:ts|sql|graphql|json|yml))`/g)].map(
      ([, name = '']) => name,
    );
    const isThere = (name: string) => files.some((file) => file === name || file.endsWith(`/${name}`));
    expect(named.filter((name) => !isThere(name) && !ELSEWHERE.test(name))).toEqual([]);
  });

  test('names commands that exist', () => {
    const named = [...text.matchAll(/npm (?:run )([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test('names settings that something reads', () => {
    const named = text.match(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g) ?? [];
    const names = named.map((name) => name.replaceAll('`', '').replace(/=.*/, ''));
    expect(names.filter((name) => !settings.has(name) && !isCode(name))).toEqual([]);
  });
});

test('decisions that are named exist', () => {
  const numbers = new Set(
    files
      .filter((file) => file.startsWith('docs/decisions/'))
      .map((file) => Number(path.basename(file).slice(0, 4))),
  );
  const named = [...documents, ...sources].flatMap((file) =>
    [...read(file).matchAll(/\bdecisions? (\d{1,4})\b/g)].map(([, number]) => `${file}: ${Number(number)}`),
  );
  expect(named.filter((name) => !numbers.has(Number(name.split(': ')[1])))).toEqual([]);
});

/** Codes of errors, statuses and reasons are written alike; they stand in the schema or in the code as texts. */
function isCode(name: string): boolean {
  return SCHEMA.includes(name);
}

test('a decision has its number, its date and whether it is in force', () => {
  const records = files.filter((file) => file.startsWith('docs/decisions/'));
  const wrong = records.filter((file) => {
    const [title = '', blank, status = ''] = read(file).split('\n');
    const number = String(Number(path.basename(file).slice(0, 4)));
    const isDated = /^\d{4}-\d{2}-\d{2} · (?:in force|superseded by \d+)$/.test(status);
    return !title.startsWith(`# ${number}. `) || blank !== '' || !isDated;
  });
  expect(wrong).toEqual([]);
});

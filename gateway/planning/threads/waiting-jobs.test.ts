import { describe, expect, it } from 'vitest';
import { askerAt } from '#gateway/planning/asker.ts';
import { createWaitingJobs, type WaitingJob } from './waiting-jobs.ts';

interface TestJob extends WaitingJob {
  readonly name: string;
}

const job = (address: string | undefined, name: string, bytes = 1): TestJob => ({
  asker: askerAt(address),
  bytes,
  urgent: false,
  name,
});
const anybody = () => true;

/** A line with these jobs in it, and what became of those that were crowded out or refused. */
function lineOf(jobs: readonly TestJob[], maxJobs = 100, maxBytes = 1_000) {
  const waiting = createWaitingJobs<TestJob>(maxJobs, maxBytes);
  const out: string[] = [];
  const add = (one: TestJob) => {
    if (!waiting.add(one, ({ name }) => out.push(name))) out.push(one.name);
  };
  for (const one of jobs) add(one);
  const take = () => waiting.take(anybody)?.name;
  return { waiting, add, out, take, rest: () => Array.from({ length: waiting.size }, take) };
}

const flood = (address: string, name: string, count: number) =>
  Array.from({ length: count }, (_, i) => job(address, `${name}${i}`));

describe('operations that wait to be planned', () => {
  it('are taken in turns by client, and those of one client in their order', () => {
    const { rest } = lineOf([...flood('1.1.1.1', 'a', 4), ...flood('2.2.2.2', 'b', 2), job('3.3.3.3', 'c')]);
    expect(rest()).toEqual(['a0', 'b0', 'c', 'a1', 'b1', 'a2', 'a3']);
  });

  it('wait for whoever comes new, not for whoever had a turn just now', () => {
    const { add, take } = lineOf(flood('1.1.1.1', 'a', 3));
    expect([take(), take()]).toEqual(['a0', 'a1']);
    add(job('2.2.2.2', 'b'));
    expect([take(), take()]).toEqual(['b', 'a2']);
  });

  it('of a client whose operations took too long come after all others', () => {
    const { waiting, rest } = lineOf([...flood('1.1.1.1', 'a', 2), ...flood('2.2.2.2', 'b', 3)]);
    waiting.putBehind(askerAt('1.1.1.1').client);
    expect(rest()).toEqual(['b0', 'b1', 'b2', 'a0', 'a1']);
  });

  it('are left waiting while their client has enough', () => {
    const { waiting } = lineOf([job('1.1.1.1', 'a'), job('2.2.2.2', 'b')]);
    expect(waiting.take((client) => client !== askerAt('1.1.1.1').client)?.name).toBe('b');
    expect(waiting.take((client) => client !== askerAt('1.1.1.1').client)).toBeUndefined();
    expect(waiting.size).toBe(1);
  });

  it('of one client take half of the room at most, in number and in memory', () => {
    expect(lineOf(flood('1.1.1.1', 'a', 6), 8).out).toEqual(['a4', 'a5']);
    const long = [job('1.1.1.1', 'a0', 50), job('1.1.1.1', 'a1', 1), job('2.2.2.2', 'b', 50)];
    expect(lineOf(long, 8, 100).out).toEqual(['a1']);
  });

  it('of whoever has the most of them make room for others when there is none', () => {
    const crowd = [...flood('1.1.1.1', 'a', 4), ...flood('2.2.2.2', 'b', 3), job('3.3.3.3', 'c')];
    const { add, out, waiting } = lineOf(crowd, 8);
    add(job('4.4.4.4', 'd'));
    add(job('3.3.3.3', 'c1'));
    expect(out).toEqual(['a3', 'b2']);
    expect(waiting.size).toBe(8);
    // Nobody has more than one who comes with a third would have.
    for (const name of ['c2', 'c3']) add(job('3.3.3.3', name));
    expect(out).toEqual(['a3', 'b2', 'c2', 'c3']);
  });

  it('that several clients ask for count for the one whose turn comes first', () => {
    const { waiting, rest } = lineOf([...flood('1.1.1.1', 'a', 3), job('2.2.2.2', 'b')]);
    waiting.take(anybody);
    const shared = [...waiting][1];
    if (shared === undefined) throw new Error('expected a job');
    waiting.join(shared.asker, '3.3.3.3');
    expect(shared).toMatchObject({ name: 'a2', asker: { client: '3.3.3.3', first: '1.1.1.1' } });
    // Somebody who has had his turn already makes no difference.
    waiting.join(shared.asker, '1.1.1.1');
    expect(rest()).toEqual(['a2', 'b', 'a1']);
  });

  it('of the gateway itself have their turn among the clients', () => {
    const { rest, out } = lineOf([...flood('1.1.1.1', 'a', 4), job(undefined, 'own'), job('', 'unknown')], 8);
    expect(out).toEqual([]);
    expect(rest().slice(0, 3)).toEqual(['a0', 'own', 'unknown']);
    const full = lineOf(
      Array.from({ length: 8 }, (_, i) => job(`10.0.0.${i}`, `c${i}`)),
      8,
    );
    for (const name of ['own', 'own too']) full.add(job(undefined, name));
    expect(full.out).toEqual(['c7', 'c6']);
  });
});

describe('who counts as one client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['2001:db8::', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['', ''],
  ])('%s is of %s', (address, client) => {
    expect(askerAt(address)).toEqual({ client, first: client });
  });
});

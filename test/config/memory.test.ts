// The limit of memory is found wherever a container has it, and kept: what nobody has set is made
// smaller, or the start is refused with a sum in which every line has its key.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type MemoryLimit, memoryLimit } from '../../src/config/memory-limit.ts';
import { fitMemory, memoryItems, memoryLines, sumOf } from '../../src/config/memory-use.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Backend } from '../../src/model/predictor.ts';
import { load, MINIMAL } from '../support/config.ts';
import { ROOT } from '../support/daemon.ts';

const MIB = 2 ** 20;
const FACTS = { backend: 'wasm', partitions: 200, jobs: 1, workers: 4 } as const;

const limitIn = (files: Readonly<Record<string, string>>): MemoryLimit | null =>
  memoryLimit((path) => files[path]);

const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';
const V1 = '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n';

test('version 2: the least limit of the group and of all that it lies in', (t) => {
  const files = {
    '/proc/self/cgroup': '0::/kubepods/pod1/container\n',
    '/proc/self/mountinfo': V2,
    '/sys/fs/cgroup/kubepods/pod1/container/memory.max': 'max\n',
    '/sys/fs/cgroup/kubepods/pod1/memory.max': `${512 * MIB}\n`,
    '/sys/fs/cgroup/kubepods/memory.max': `${900 * MIB}\n`,
  };
  t.deepEqual(limitIn(files), { bytes: 512 * MIB, from: '/sys/fs/cgroup/kubepods/pod1/memory.max' });
});

test('version 2 in a namespace of its own: the group is the mount', (t) => {
  for (const group of ['/', '/../../elsewhere']) {
    const files = {
      '/proc/self/cgroup': `0::${group}\n`,
      '/proc/self/mountinfo': V2,
      '/sys/fs/cgroup/memory.max': '1073741824\n',
    };
    t.deepEqual(limitIn(files), { bytes: 1024 * MIB, from: '/sys/fs/cgroup/memory.max' }, group);
  }
});

test('version 1: the controller of memory, also where the mount begins at the group', (t) => {
  const groups = '9:name=systemd:/\n4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n';
  const nested = {
    '/proc/self/cgroup': groups,
    '/proc/self/mountinfo': V1 + V2.replace('/sys/fs/cgroup', '/sys/fs/cgroup/unified'),
    '/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': `${768 * MIB}\n`,
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
  };
  const from = '/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes';
  t.deepEqual(limitIn(nested), { bytes: 768 * MIB, from });
  const bound = {
    '/proc/self/cgroup': groups,
    '/proc/self/mountinfo': V1.replace(' / ', ' /docker/abc '),
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${768 * MIB}\n`,
  };
  t.is(limitIn(bound)?.bytes, 768 * MIB);
});

test('no limit is none: "max", the number that no machine has, no control groups, files that are not there', (t) => {
  const group = { '/proc/self/cgroup': '4:memory:/\n0::/\n', '/proc/self/mountinfo': V1 + V2 };
  t.is(limitIn({}), null);
  t.is(limitIn(group), null);
  t.is(limitIn({ ...group, '/sys/fs/cgroup/memory.max': 'max\n' }), null);
  t.is(limitIn({ ...group, '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' }), null);
});

const { config } = load(MINIMAL);
const nothingGiven = (): boolean => false;

test('with room enough nothing is changed but that the threads have a number', (t) => {
  const fit = fitMemory(config, nothingGiven, FACTS, 64 * 1024 * MIB);
  t.deepEqual('config' in fit && fit.config, { ...config, scoring: { ...config.scoring, workers: 4 } });
});

test('whatever fits is within the limit, and with more memory nothing gets smaller', (t) => {
  let before: Config | undefined;
  for (let mib = 256; mib <= 20_480; mib += 64) {
    const fit = fitMemory(config, nothingGiven, FACTS, mib * MIB);
    if ('lines' in fit) {
      t.is(before, undefined, `${mib} MiB are refused, and less was not`);
      continue;
    }
    t.true(sumOf(fit.items) <= mib * MIB, `${mib} MiB: ${memoryLines(fit.items).join('\n')}`);
    const workers = Number(fit.config.scoring.workers);
    t.deepEqual(fit.items, memoryItems(fit.config, { ...FACTS, workers }));
    t.true(workers >= Number(before?.scoring.workers ?? 1));
    t.true(fit.config.kafka['max.partition.fetch.bytes'] * FACTS.partitions <= fit.config.lanes.budget);
    before = fit.config;
  }
  t.is(before?.scoring.workers, 4);
});

test('what was set stays, and where it does not fit the refusal has the sum with every key', (t) => {
  const given = load(MINIMAL, ['scoring.workers=4', 'scoring.heapBytes=512MiB']);
  const fit = fitMemory(given.config, (key) => given.origins.has(key), FACTS, 1024 * MIB);
  const words = 'lines' in fit ? fit.lines.join('\n') : '';
  t.regex(words, /^1024 MiB of memory are too few/);
  t.regex(words, / 2048 MiB {2}their heaps of 512 MiB \(scoring\.heapBytes\)/);
  for (const key of ['scoring.workers', 'limits.inflatedBytes', 'microBatch.bytes', 'kafka.fetch.max.bytes'])
    t.true(words.includes(key), key);
  t.regex(words, /[\d.]+ MiB {2}in all/);
});

test('what the documents call the least is enough for one thread, and little less is not', (t) => {
  const guide = readFileSync(join(ROOT, 'docs', 'operating.md'), 'utf8');
  const rows = [...guide.matchAll(/^\| ([A-Za-z, ]+) \| (\d+) MiB \| [\d.]+ GiB \|$/gm)];
  t.is(rows.length, 2);
  for (const [, names = '', least] of rows)
    for (const backend of names.toLowerCase().split(', ') as Backend[]) {
      const facts = { ...FACTS, backend, partitions: 60 };
      const fits = (mib: number): boolean => 'config' in fitMemory(config, nothingGiven, facts, mib * MIB);
      t.true(fits(Number(least)), `${backend}: ${least} MiB`);
      t.false(fits(Number(least) - 20), `${backend} needs less than ${least} MiB`);
    }
});

test('the size of a limit is text, and a word or a size', (t) => {
  t.is(load(MINIMAL, ['scoring.memoryLimit=1GiB']).config.scoring.memoryLimit, 1024 * MIB);
  t.is(load(MINIMAL, ['scoring.memoryLimit=none']).config.scoring.memoryLimit, 'none');
  t.throws(() => load(MINIMAL, ['scoring.memoryLimit=much']), { message: /scoring\.memoryLimit: / });
});

// `npm run torture -- --minutes M`: real brokers, load and daemons, and one fault after the other,
// until the time is up and every fault has had its turn; then two audits, ours and an independent
// one. First on one broker behind a proxy, then, for a quarter of the time, on a cluster of three.
// Exit 1 when anything is missing. The report is kept as a file. With `--transactions` the daemons
// write in transactions, and nothing may repeat. With `--windows` the model has windows, and each
// result is compared with one undisturbed reading of the log. With `--memory LIMIT` none of that,
// but a daemon in a control group with so much memory (memory.ts); `--set` as in the command line.
// `--rounds N` counts rounds instead of minutes; `--only WORDS`, once or more, keeps the faults
// whose name holds them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { size } from '../../src/config/units.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Cluster } from './cluster.ts';
import { CLUSTER_FAULTS } from './cluster-faults.ts';
import { FAULTS } from './faults.ts';
import { withinMemory } from './memory.ts';
import { type Played, play } from './play.ts';
import { ProxiedBroker } from './proxied.ts';
import { PARTITIONS, Scene } from './scene.ts';
import { STATELESS, withWindows } from './subject.ts';

/** The cluster has a quarter of the faults. */
const CLUSTER_SHARE = 0.25;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    rounds: { type: 'string' },
    rate: { type: 'string', default: '1000' },
    only: { type: 'string', multiple: true, default: [''] },
    report: { type: 'string' },
    transactions: { type: 'boolean', default: false },
    windows: { type: 'boolean', default: false },
    memory: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
if (values.memory !== undefined) {
  const isSound = await withinMemory(size('64MiB', '1TiB').parse(values.memory), values.set, say);
  process.exit(isSound ? 0 : 1);
}
const minutes = Number(values.minutes ?? 0);
const rounds = Number(values.rounds ?? (values.minutes === undefined ? 1 : 0));
const rate = Number(values.rate);
const isChosen = ({ name }: { readonly name: string }): boolean =>
  values.only.some((words) => name.includes(words));
const [single, clustered] = [FAULTS.filter(isChosen), CLUSTER_FAULTS.filter(isChosen)];
if (!(minutes >= 0) || !(rounds >= 0) || !(rate > 0) || single.length + clustered.length === 0) {
  const names = [...FAULTS, ...CLUSTER_FAULTS].map(({ name }) => name);
  process.stderr.write(`torture: wrong words; the faults are:\n${names.join('\n')}\n`);
  process.exit(64);
}

const startedMs = performance.now();
const played: Played[] = [];
const settings = values.transactions ? ['kafka.transactional.id=torture'] : [];
const mayRepeat = !values.transactions;
const newSubject = () => (values.windows ? withWindows(tempFolder('torture-state'), PARTITIONS) : STATELESS);
if (single.length > 0) {
  const share = clustered.length > 0 ? 1 - CLUSTER_SHARE : 1;
  const scene = await Scene.on(await ProxiedBroker.start(), rate, newSubject(), settings);
  played.push(await play(scene, single, { seconds: minutes * 60 * share, rounds, mayRepeat }, say));
}
if (clustered.length > 0) {
  const share = single.length > 0 ? CLUSTER_SHARE : 1;
  const scene = await Scene.on(await Cluster.start(), rate, newSubject(), settings, 3);
  played.push(await play(scene, clustered, { seconds: minutes * 60 * share, rounds, mayRepeat }, say));
}

const injections = played.flatMap((scene) => scene.injections);
const longestStallSeconds = Math.max(0, ...injections.map(({ healedAfterSeconds }) => healedAfterSeconds));
const seconds = Math.round((performance.now() - startedMs) / 1_000);
mkdirSync('torture-results', { recursive: true });
const name = `${new Date().toISOString().replaceAll(':', '-')}.json`;
const file = values.report ?? join('torture-results', name);
writeFileSync(file, `${JSON.stringify({ seconds, rate, longestStallSeconds, scenes: played }, null, 2)}\n`);
say(`${injections.length} faults in ${seconds} s, longest stall ${longestStallSeconds} s; report: ${file}`);
process.exit(played.every(({ sound }) => sound) ? 0 : 1);

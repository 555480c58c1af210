// Rules between the jobs of a process: each may be right alone, and yet they would disturb each
// other.

import type { Contradiction } from './contradiction.ts';
import { keyOfJob } from './job-keys.ts';
import type { LoadedJob } from './loaded.ts';
import { type OutputTopic, outputsOf } from './outputs.ts';
import type { Config } from './schema.ts';
import { sizeInWords } from './units.ts';

export interface JobContradiction extends Contradiction {
  /** The job to change. */
  readonly job: LoadedJob;
}

type Pair = readonly [first: LoadedJob, second: LoadedJob];
type Rule = (
  first: Config,
  second: Config,
  names: { first: string; own: (key: string) => string },
) => readonly Contradiction[];

export const betweenJobs = (jobs: readonly LoadedJob[]): JobContradiction[] => [
  ...pairsOf(jobs).flatMap(([first, second]) =>
    RULES.flatMap((rule) =>
      rule(first.config, second.config, {
        first: first.name,
        own: (key) => keyOfJob(second.name, key),
      }).map((each) => ({ ...each, job: second })),
    ),
  ),
  ...generatedAndWritten(jobs),
  ...loops(jobs),
  ...budget(jobs),
];

const pairsOf = (jobs: readonly LoadedJob[]): Pair[] =>
  jobs.flatMap((second, index) => jobs.slice(0, index).map((first): Pair => [first, second]));

const RULES: readonly Rule[] = [
  (first, second, { first: name, own }) => {
    const group = second.kafka['group.id'];
    if (first.kafka['group.id'] !== group) return [];
    const key = 'kafka.group.id';
    const message =
      `expected a group of its own, found "${group}", which job ${name} has too: they would share commits; ` +
      `set ${own(key)}`;
    return [{ key, message }];
  },
  (first, second, { first: name, own }) => {
    const key = 'kafka.transactional.id';
    const id = second.kafka['transactional.id'];
    const other = first.kafka['transactional.id'];
    if (id === undefined || other === undefined) return [];
    // The topic and the partition of the input are put behind it.
    if (id !== other && `${id}-${second.input.topic}` !== `${other}-${first.input.topic}`) return [];
    const message = `expected one of its own, found "${id}", where job ${name} has "${other}": each would fence the other; set ${own(key)}`;
    return [{ key, message }];
  },
  // Answers carry the topic and the offset of their record, but not the job.
  (first, second, { first: name }) => {
    if (first.input.topic !== second.input.topic) return [];
    const taken = new Set(outputsOf(first).map(({ topic }) => topic));
    return outputsOf(second).flatMap(({ key, topic }) =>
      taken.has(topic)
        ? [
            {
              key,
              message:
                `expected another topic than those that job ${name} writes, as both read "${second.input.topic}", found "${topic}": ` +
                'an answer of one would count as that of the other',
            },
          ]
        : [],
    );
  },
  (first, second, { first: name }) => {
    const format = formatOf(second);
    if (formatOf(first) === format) return [];
    const taken = new Set(resultsOf(first).map(({ topic }) => topic));
    return resultsOf(second)
      .filter(({ topic }) => taken.has(topic))
      .map(({ key, topic }) => ({
        key,
        message: `expected a topic for results as ${format}, found "${topic}", where job ${name} writes ${formatOf(first)}`,
      }));
  },
  (first, second, { first: name, own }) => {
    const { topic } = second.input;
    if (!generates(second) || !generates(first) || first.input.topic !== topic) return [];
    return [sendsNothing(second, `as job ${name} sends records to "${topic}" already`, own)];
  },
];

const generates = ({ log, generate }: Config): boolean => log === 'memory' && generate.recordsPerSecond > 0;

const sendsNothing = ({ generate }: Config, why: string, own: (key: string) => string): Contradiction => {
  const key = 'generate.recordsPerSecond';
  return { key, message: `expected 0, ${why}, found ${generate.recordsPerSecond}: set ${own(key)}` };
};

/** Generated records among the answers of another job would be scored as if they were some. */
const generatedAndWritten = (jobs: readonly LoadedJob[]): JobContradiction[] =>
  jobs.flatMap((job) => {
    const { topic } = job.config.input;
    const writer = jobs.find(
      (other) => other !== job && outputsOf(other.config).some((output) => output.topic === topic),
    );
    if (writer === undefined || !generates(job.config)) return [];
    const why = `as job ${writer.name} writes "${topic}", which this job reads`;
    return [{ ...sendsNothing(job.config, why, (key) => keyOfJob(job.name, key)), job }];
  });

/** All but the dead letters, which have a form of their own. */
const resultsOf = (config: Config): OutputTopic[] =>
  outputsOf(config).filter(({ key }) => key !== 'deadLetters.topic');

/** Formats that one reader cannot tell apart are different. */
const formatOf = ({ output: { format, framing, compatibility } }: Config): string =>
  format === 'avro' ? `avro ${framing}${framing === 'confluent' ? ` ${compatibility}` : ''}` : format;

/**
 * Jobs that feed each other in a circle would score for ever. A job that reads what it writes
 * itself is refused by the rules for one.
 */
function loops(jobs: readonly LoadedJob[]): JobContradiction[] {
  const feeds = (from: LoadedJob, to: LoadedJob): boolean =>
    from !== to && outputsOf(from.config).some(({ topic }) => topic === to.config.input.topic);
  for (const start of jobs) {
    const way = wayBack(start, jobs, feeds);
    if (way === null) continue;
    const names = [...way, start].map(({ name }) => name).join(' -> ');
    const topic = start.config.input.topic;
    const message = `expected a topic that nothing behind it writes, found "${topic}": ${names} would score for ever`;
    return [{ job: start, key: 'input.topic', message }];
  }
  return [];
}

/** The jobs on a way from one back to itself, or null. */
function wayBack(
  start: LoadedJob,
  jobs: readonly LoadedJob[],
  feeds: (from: LoadedJob, to: LoadedJob) => boolean,
): LoadedJob[] | null {
  const seen = new Set<LoadedJob>();
  const ways: LoadedJob[][] = [[start]];
  for (const way of ways) {
    const last = way.at(-1) as LoadedJob;
    if (way.length > 1 && feeds(last, start)) return way;
    for (const next of jobs)
      if (!seen.has(next) && next !== start && feeds(last, next)) {
        seen.add(next);
        ways.push([...way, next]);
      }
  }
  return null;
}

/** The budget is shared out equally, and each share must hold a fetch. */
function budget(jobs: readonly LoadedJob[]): JobContradiction[] {
  const [job] = jobs;
  if (job === undefined || jobs.length === 1) return [];
  const fetchBytes = job.config.kafka['max.partition.fetch.bytes'];
  const least = jobs.length * fetchBytes;
  // Less than one fetch is told by the rules for one job.
  if (job.config.lanes.budget >= least || job.config.lanes.budget < fetchBytes) return [];
  const message =
    `expected at least kafka.max.partition.fetch.bytes for each of ${jobs.length} jobs, ${sizeInWords(least)}, ` +
    `found ${sizeInWords(job.config.lanes.budget)}`;
  return [{ job, key: 'lanes.budget', because: 'kafka.max.partition.fetch.bytes', message }];
}

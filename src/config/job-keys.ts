// Which keys a job may have of its own, and how a job is named. All other keys belong to the
// process: its threads, memory, broker and log are shared by all jobs.

/** The name of the job of a configuration without `jobs`. */
export const ONLY_JOB = 'default';

export const JOBS = 'jobs';

/** A name stands in `--set`, in metrics, in the log and in folders. */
export const JOB_NAME = /^[A-Za-z0-9_-]{1,64}$/;
export const JOB_NAME_EXPECTED =
  'expected a name of a job of 1 to 64 letters, digits, dashes and underscores';
export const isJobName = (name: string): boolean => JOB_NAME.test(name);

/** Keys, and whole sections: `input.`. */
const OF_A_JOB: readonly string[] = [
  'input.',
  'output.',
  'deadLetters.',
  'model.',
  'labels.',
  'latency.',
  'microBatch.records',
  'microBatch.linger',
  'generate.',
  'kafka.group.id',
  'kafka.auto.offset.reset',
  'kafka.transactional.id',
];

/** Whether a job may have its own value of this key. */
export const isJobKey = (key: string): boolean =>
  OF_A_JOB.some((each) => (each.endsWith('.') ? key.startsWith(each) : each === key));

/** The same for messages and documents: sections without their dot. */
export const keysOfAJobInWords = (): string => OF_A_JOB.map((each) => each.replace(/\.$/, '')).join(', ');

/** The key as it is written for one job. */
export const keyOfJob = (job: string, key: string): string => `${JOBS}.${job}.${key}`;

/** The parts of a key such as `jobs.fraud.model.name`; null for a key of the top. */
export function splitJobKey(key: string): { readonly job: string; readonly key: string } | null {
  const [, job, rest] = /^jobs\.([^.]*)(?:\.(.*))?$/s.exec(key) ?? [];
  return job === undefined ? null : { job, key: rest ?? '' };
}

// `scorelane models report`: how good the scores were that a job gave, now that the labels are
// there.

import { EXIT } from '../base/errors.ts';
import type { LoadedJob } from '../config/loaded.ts';
import { liveQuality, type QualityReport } from '../daemon/live-quality.ts';
import { qualityInWords } from '../rescoring/live-quality.ts';
import { type JobFlags, loadJob, numberArgument, type Register, timeArgument, withJob } from './options.ts';
import { note, say } from './say.ts';
import { withTopics } from './with-topics.ts';

interface ReportFlags {
  readonly labels: string;
  readonly labelsTopic: string;
  readonly from?: number;
  readonly to?: number;
  readonly score?: string;
  readonly threshold?: number;
  readonly json: boolean;
}

async function report({ config }: LoadedJob, flags: ReportFlags): Promise<number> {
  const { labels: label, labelsTopic, from: fromMs, to: toMs, score, threshold } = flags;
  const wish = { label, labelsTopic, fromMs, toMs, score, threshold };
  const found = await withTopics(config, 'models report', (topics) => liveQuality(config, topics, wish), [
    config.output.topic,
    labelsTopic,
  ]);
  if (flags.json) say(JSON.stringify(found, null, 2));
  else tell(found);
  return EXIT.ok;
}

function tell({ score, threshold, unreadable, rows }: QualityReport): void {
  for (const line of qualityInWords(rows)) say(line);
  note(
    threshold === null
      ? `${score}: no threshold is known, so there is no precision and no recall: --threshold`
      : `${score}: precision and recall at ${threshold}`,
  );
  if (unreadable > 0) note(`${unreadable} results have no number as ${score}`);
}

export const registerReport: Register = (models, finish) => {
  withJob(models, 'report', 'how good the scores were, by version and day, from labels that came later')
    .requiredOption('--labels <field>', 'the field of a label: 0 or 1, true or false')
    .requiredOption('--labels-topic <topic>', 'the topic with the labels, joined by the first of output.ids')
    .option('--from <time>', 'results of records from then on', timeArgument)
    .option('--to <time>', 'and before then', timeArgument)
    .option(
      '--score <field>',
      'the field of results that is judged: what a threshold of model.yaml looks at unless given, else the first number',
    )
    .option('--threshold <number>', 'scores above it decide; as model.yaml says unless given', numberArgument)
    .option('--json', 'print it as JSON, with the calibration error and the error of each figure', false)
    .action(async (flags: JobFlags & ReportFlags) => {
      finish(await report(loadJob(flags), flags));
    });
};

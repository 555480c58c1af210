// Keeps a process that joins results with late labels, and what it told last. Where it ends, it is
// begun again after a rest: the topics still have what it knew.

import type { Config } from '../config/schema.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import { comparedField, thresholdOf } from '../rescoring/compared-field.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import { after, type Cancel } from '../time/timer.ts';
import { type HelperProcess, startHelper } from './helper-process.ts';
import type { QualityAnswer, QualityQuestion } from './quality-main.ts';

const REST_MS = 30_000;

export class LabelWatch {
  readonly #question: QualityQuestion;
  readonly #logger: Logger;
  readonly #meter: Meter;
  #helper: HelperProcess | null = null;
  #cancel: Cancel = () => {};
  #isOver = false;
  #complaint = '';

  private constructor(question: QualityQuestion, logger: Logger, meter: Meter) {
    this.#question = question;
    this.#logger = logger;
    this.#meter = meter;
    this.#begin();
  }

  /** Null for a job without a topic of labels. */
  static of(config: Config, folder: string, logger: Logger, meter: Meter): LabelWatch | null {
    if (config.labels.topic === undefined || config.log !== 'kafka') return null;
    const manifest = readManifest(folder);
    const model = { manifest, golden: readGolden(manifest) };
    const score = comparedField(undefined, [model]);
    return new LabelWatch({ config, score, threshold: thresholdOf(model, score) }, logger, meter);
  }

  stop(): void {
    this.#isOver = true;
    this.#cancel();
    this.#helper?.kill();
    this.#meter.quality = null;
  }

  #begin(): void {
    let why: string | null = null;
    const helper = startHelper('quality-main', (message) => {
      const answer = message as QualityAnswer;
      if ('message' in answer) why = answer.message;
      else if (!this.#isOver) {
        this.#meter.quality = answer;
        this.#complaint = '';
      }
    });
    this.#helper = helper;
    helper.tell(this.#question);
    const ended = (how: string): void => {
      this.#helper = null;
      if (this.#isOver) return;
      const trouble = why ?? how;
      if (trouble !== this.#complaint)
        this.#logger.warn(
          `labels: results are not joined with them, and it is tried again every ${REST_MS / 1_000} s: ${trouble}`,
        );
      this.#complaint = trouble;
      this.#cancel = after(REST_MS, () => this.#begin());
    };
    helper.ended.then(
      ({ text }) => ended(text),
      (error: Error) => ended(error.message),
    );
  }
}

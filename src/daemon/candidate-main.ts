// The process in which a version is tried before it comes near the records: it may be broken in
// ways that end a process.

import type { Config } from '../config/schema.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import { sayLast, serveDaemon } from './helper-main.ts';
import { TrialThread } from './pools.ts';

/** What the process is asked, in its first message. */
export interface CandidateQuestion {
  readonly config: Config;
  readonly setup: ScorerSetup;
}

/** `message`: why it cannot serve; null if it can. */
export interface CandidateAnswer {
  readonly message: string | null;
}

async function attempt({ config, setup }: CandidateQuestion): Promise<CandidateAnswer> {
  const thread = new TrialThread(config);
  try {
    await thread.load(setup);
    return { message: null };
  } catch (error) {
    return { message: (error as Error).message };
  } finally {
    await thread.stop();
  }
}

serveDaemon((question) => void attempt(question as CandidateQuestion).then(sayLast));

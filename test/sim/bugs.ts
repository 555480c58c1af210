// Deliberate bugs: the simulator is tested by whether it finds them. Each is a change to the text
// of one source file, made while it is loaded; text that is not there exactly once is an error, so
// that no bug quietly stops to be one.

export interface Bug {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /**
   * The seed to begin with, for one that needs so much to come together that the first ones do not
   * catch it.
   */
  readonly from?: number;
  /** It shows only where lanes have a state; all others are looked for where they have none. */
  readonly windows?: true;
}

/** Every bug must be caught within so many seeds. */
export const SEEDS_MAX = 1_500;

export const BUGS: readonly Bug[] = [
  {
    name: 'commits what is being produced and not yet acknowledged',
    file: 'engine/committer.ts',
    find: 'next: lane.ledger.committable, ...',
    replace:
      "next: lane.ledger.oldest?.stage.name === 'producing' ? lane.ledger.oldest.next : lane.ledger.committable, ...",
  },
  {
    name: 'takes a failed produce call for an acknowledged one',
    file: 'engine/dispatcher.ts',
    find: 'lane.ledger.notProduced(message.id);\n      trouble(lane, message.failure',
    replace: 'lane.ledger.acknowledged(message.id);\n      trouble(lane, message.failure',
  },
  {
    name: 'does not look at the epoch of an answer',
    file: 'engine/dispatcher.ts',
    find: 'return lane?.epoch === address.epoch ? lane : undefined;',
    replace: 'return lane;',
  },
  {
    name: 'commits one offset too many',
    file: 'engine/committer.ts',
    find: 'next: lane.ledger.committable, ...',
    replace: 'next: lane.ledger.committable + 1, ...',
  },
  {
    name: 'produces results in the order in which scorers finish',
    file: 'engine/ledger.ts',
    find: "const [entry] = this.#entries;\n    if (entry === undefined || entry.stage.name !== 'scored')",
    replace:
      "const entry = this.#entries.find(({ stage }) => stage.name === 'scored');\n    if (entry === undefined)",
  },
  {
    name: 'drops dead letters',
    file: 'worker/part-answers.ts',
    find: 'for (const refused of this.#refused) this.#writeDeadLetter(refused);',
    replace: '',
  },
  {
    name: 'writes dead letters in the order in which they were refused',
    file: 'worker/part-answers.ts',
    find: 'this.#refused.sort((left, right) => left.row.offset - right.row.offset);',
    replace: '',
  },
  {
    name: 'leaks credits when mail is taken',
    file: 'engine/mailbox.ts',
    find: 'this.#bytes -= bytes;\n    return this.#mail.splice(0, count);',
    replace: 'return this.#mail.splice(0, count);',
  },
  {
    name: 'keeps lanes that were lost',
    file: 'engine/rebalance.ts',
    find: 'state.lanes.delete(key);',
    replace: '',
  },
  {
    name: 'settles without waiting for what is in flight',
    file: 'engine/rebalance.ts',
    find: 'if (unfinished.length > 0 && nowMs < state.settling.deadlineMs) return;',
    replace: '',
  },
  {
    name: 'stops without waiting for what is in flight',
    file: 'engine/drain.ts',
    find: 'if (unfinished.length > 0 && nowMs < stopping.deadlineMs) return;',
    replace: '',
  },
  {
    name: 'waits for a group that does not answer to its leaving',
    file: 'engine/leaving.ts',
    find: "const cancel = clock.setTimer(untilMs, () => resolve('no answer'));",
    replace: 'const cancel = (): void => {};',
  },
  {
    name: 'gives a batch that is sent again a new sequence number',
    file: 'kafka/sink.ts',
    find: 'const isKnown = before?.identity === identity && !before.refused;',
    replace: 'const isKnown = false;',
  },
  {
    name: 'renews the producer id of every partition when one has a gap',
    from: 1_672,
    file: 'kafka/sink.ts',
    find: 'const isUnused = newest',
    replace:
      'for (const other of this.#streams.values()) if (other !== stream) { ' +
      'other.identity = await this.#newIdentity(); other.nextSequence = 0; }\n    const isUnused = newest',
  },
  {
    name: 'takes records from beyond a gap',
    from: 25,
    file: 'engine/lane.ts',
    find: 'if (fetched.from > lane.position) return false;',
    replace: '',
  },
  {
    name: 'takes records that it has already',
    file: 'engine/lane.ts',
    find: 'if (header.next <= lane.position) continue;',
    replace: '',
  },
  {
    name: 'scores what lies below the wanted offset',
    file: 'worker/task.ts',
    find: 'if (records.offset >= first && records.offset < until) visit(records);',
    replace: 'if (records.offset < until) visit(records);',
  },
  {
    name: 'takes a micro-batch that could not be opened for an empty one',
    file: 'engine/dispatcher.ts',
    find: 'lane.ledger.failed(message.id);\n      trouble(lane, message.failure',
    replace: 'lane.ledger.scored(message.id, { outputs: [] } as never);\n      trouble(lane, message.failure',
  },
  {
    name: 'rests for ever after a fetch',
    file: 'engine/resting.ts',
    find: "effects.push({ type: 'rest', ms });",
    replace: "effects.push({ type: 'rest', ms: 1e9 });",
  },
  {
    name: 'leaves the last lane out of a task that it shares',
    from: 33,
    file: 'engine/opening.ts',
    find: "if (task.length > 0) effects.push({ type: 'score', task });",
    replace:
      "if (task.length > 0) effects.push({ type: 'score', task: task.length > 1 ? task.slice(1) : task });",
  },
  {
    name: 'hands the answers of a shared task to the wrong lanes',
    file: 'pool/stateless-pool.ts',
    find: '(outcomes) => outcomes[index] as Outcome,',
    replace: '(outcomes) => outcomes.at(-1 - index) as Outcome,',
  },
  {
    name: 'forgets the second half when it halves a micro-batch',
    file: 'pool/bisection.ts',
    find: 'return merge(left, await this.#scoreRange(microBatch, middle, until, triesOf(after.length), after));',
    replace: 'return left;',
  },
  {
    name: 'condemns a record after one failure',
    from: 14,
    file: 'pool/bisection.ts',
    find: '(records === 1 ? ATTEMPTS : 1)',
    replace: '1',
  },
  {
    name: 'takes a failed commit for a confirmed one',
    from: 35,
    file: 'engine/driver.ts',
    find: "this.#tell({ type: 'commitFailed', commits, failure });",
    replace: "this.#tell({ type: 'committed', commits });",
  },
  {
    name: 'does not wake up when a micro-batch has lingered long enough',
    from: 53,
    file: 'engine/dispatcher.ts',
    find: 'if (mayOpen(state, lane)) wakeMs = Math.min(wakeMs, lingersUntil(lane.mailbox, state.limits.microBatch));',
    replace: '',
  },
  {
    name: 'does not go on where the log was cut',
    from: 134,
    file: 'engine/dispatcher.ts',
    find: 'skipTo(lane, message.position, nowMs);',
    replace: '',
  },
  {
    name: 'keeps a lane of a topic that was made again',
    file: 'engine/rebalance.ts',
    find: 'if (kept.incarnation !== partition.incarnation) {',
    replace: 'if (false) {',
  },
  {
    name: 'does not say of which topic a committed offset is',
    file: 'engine/committer.ts',
    find: ', ...metadataOf(lane) });',
    replace: ' });',
  },
  {
    name: 'takes a snapshot of a topic that had the name before',
    from: 85,
    file: 'worker/states/lane-states.ts',
    find: 'incarnation: incarnation ?? null,',
    replace: 'incarnation: null,',
    windows: true,
  },
  {
    name: 'resumes nobody after a rebalance',
    file: 'engine/rebalance.ts',
    find: "if (kept.phase === 'settling') enter(kept, 'running');",
    replace: '',
  },
  {
    name: 'follows the source back when the log was cut below the lane',
    from: 17,
    file: 'engine/dispatcher.ts',
    find: 'if (lane.position <= message.logEnd) {',
    replace: 'if (false) {',
  },
  {
    name: 'takes what was fetched for the end of the log',
    file: 'engine/watchdog.ts',
    find: 'lane.highWatermark = Math.max(lane.highWatermark, end);',
    replace: '',
  },
  {
    name: 'does not join again when a lane has stalled',
    file: 'engine/driver.ts',
    find: 'void source.rejoin();',
    replace: '',
  },
  {
    name: 'takes silence for an acknowledgement',
    file: 'kafka/produce-answers.ts',
    find: 'throw unanswered(partition, cluster.findTopicPartitionMetadata(topic));',
    replace: '',
  },
  {
    name: 'takes a partition of a shared request for acknowledged that was refused',
    file: 'kafka/shared-request.ts',
    find: "if (errorCode === 0) return 'acknowledged';",
    replace: "return 'acknowledged';",
  },
  {
    name: 'takes a shared request without an answer for an acknowledged one',
    file: 'kafka/shared-request.ts',
    find: "if (answer === undefined) return 'unknown';",
    replace: "if (answer === undefined) return 'acknowledged';",
  },
  {
    name: 'takes the answer for one partition of a shared request for that of all',
    file: 'kafka/shared-request.ts',
    find: 'answers.get(partition)',
    replace: '[...answers.values()][0]',
  },
  {
    name: 'forgets the second half of a batch that is too large',
    file: 'kafka/parts.ts',
    find: 'parts = parts.toSpliced(done, 1, ...halves);',
    replace: 'parts = parts.toSpliced(done, 1, halves[0] as Part);',
  },
  {
    name: 'gives the sequence numbers of a refused batch away, though those behind are given already',
    // Once in some 2,000 seeds.
    from: 8_227,
    file: 'kafka/sink.ts',
    find: 'if (sending.writes === 1 && isLast) stream',
    replace: 'if (sending.writes === 1) stream',
  },
  {
    name: 'produces again and again for a partition that is not there any more',
    from: 95,
    file: 'engine/dispatcher.ts',
    find: 'if (message.isAstray && state.stopping === undefined) {',
    replace: 'if (false) {',
  },
  {
    name: 'keeps the partition counts of the start',
    file: 'pool/partition-counter.ts',
    find: 'this.#now = { ...before, ...found };',
    replace: '',
  },
  {
    name: 'judges where a record lies by the count of now alone',
    file: 'log/placed-by.ts',
    find: '[...new Set(counts)]',
    replace: '[Math.max(...counts)]',
    windows: true,
  },
  {
    name: 'calls records misplaced without asking how many partitions there are',
    from: 19,
    file: 'pool/stateful-pool.ts',
    find: 'if (outcome.unplaced > 0) await lookAgain(',
    replace: 'if (false) await lookAgain(',
    windows: true,
  },
  {
    name: 'writes what was appended again, when a later record is refused',
    file: 'worker/mend.ts',
    find: 'if (index >= (refused?.appended ?? 0)) visit(',
    replace: 'visit(',
  },
  {
    name: 'drops a record whose result is refused',
    file: 'worker/mend.ts',
    find: 'if (message !== undefined) found.push({ row: rowOf(records), offset: records.offset, message });',
    replace: '',
  },
  {
    name: 'puts the dead letters of refused results behind the others',
    file: 'worker/mend.ts',
    find: 'found.sort((left, right) => left.offset - right.offset)',
    replace: 'found',
  },
  {
    name: 'produces dead letters before the results that may still become some',
    file: 'scoring/merge.ts',
    find: '[...resultsOf(left), ...resultsOf(right), ...deadLettersOf(left), ...deadLettersOf(right)]',
    replace: '[...left.outputs, ...right.outputs]',
  },
  {
    name: 'forgets the codes of dead letters where a micro-batch was divided',
    file: 'scoring/merge.ts',
    find: 'addCodes(left.deadLetterCodes, right.deadLetterCodes)',
    replace: 'left.deadLetterCodes',
  },
  {
    name: 'counts no code for a result that is refused',
    file: 'pool/worker-client.ts',
    find: 'mended.refused === 0 ? {} : { RESULT_REFUSED: mended.refused }',
    replace: '{}',
  },
  {
    name: 'keeps what goes to a route for later',
    file: 'worker/part-answers.ts',
    find: '...this.#workspace.routes.flatMap((route) => route.flush()),',
    replace: '',
  },
  {
    name: 'forgets what goes to a route when results are refused',
    file: 'worker/mend.ts',
    find: 'deadLetters: [...deadLetters, ...routed],\n      refused: messages.size',
    replace: 'deadLetters,\n      refused: messages.size',
  },
  {
    name: 'leaves results for a route behind where a task fails',
    from: 1_506,
    windows: true,
    file: 'worker/pipeline.ts',
    find: '[results, deadLetters, ...routes, shadows]',
    replace: '[results, deadLetters, shadows]',
  },
  {
    name: 'drops what was joined to the oldest micro-batch',
    file: 'engine/ledger.ts',
    find: '.reduce(merge)',
    replace: '.reduce((oldest) => oldest)',
  },
  {
    name: 'joins micro-batches the wrong way round',
    file: 'engine/ledger.ts',
    find: '.reduce(merge)',
    replace: '.reduce((left, right) => merge(right, left))',
  },
  {
    name: 'keeps a state that was left in the middle of a task',
    file: 'worker/states/lane-states.ts',
    find: 'this.#held.delete(keyOf(lane));\n    this.#used = held;',
    replace: 'this.#used = held;',
    windows: true,
    from: 211,
  },
  {
    name: 'scores a record that could not be read',
    file: 'worker/task.ts',
    find: "return ourFault('READER_FAILED', 'reading', error);",
    replace: 'return null;',
  },
  {
    name: 'takes records that are dated far ahead of the clock into the windows',
    file: 'features/stateful-plan.ts',
    find: 'latestMs = nowMs() + aheadMs;',
    replace: 'latestMs = timeMs;',
    windows: true,
  },
  {
    name: 'scores what it should only feed',
    file: 'worker/task.ts',
    find: 'const scoreFrom = state?.scoreFrom ?? 0;',
    replace: 'const scoreFrom = 0;',
    windows: true,
  },
  {
    name: 'does not feed what has its answer',
    file: 'worker/task.ts',
    find: 'if (state !== null) this.#feed(part, record);',
    replace: '',
    windows: true,
  },
  {
    name: 'begins with the state too late in the log',
    file: 'log/offset-before.ts',
    find: 'const fromMs = assumedMs - reach.ms - reach.driftMs;',
    replace: 'const fromMs = assumedMs;',
    windows: true,
  },
  {
    name: 'takes the latest time in the log for the latest that the state has taken',
    file: 'pool/beginnings.ts',
    find: 'if (latestMs < assumedMs) {',
    replace: 'if (false) {',
    windows: true,
  },
  {
    name: 'keeps a snapshot of a state that began too late',
    file: 'pool/stateful-pool.ts',
    find: 'if (lane.unproven === undefined && lane.snapshots.isDue(now))',
    replace: 'if (lane.snapshots.isDue(now))',
    windows: true,
  },
  {
    name: 'takes a snapshot that is later than the committed offset',
    file: 'pool/beginnings.ts',
    find: 'notBefore: offset, notAfter: position }',
    replace: 'notBefore: offset, notAfter: Number.MAX_SAFE_INTEGER }',
    windows: true,
  },
  {
    name: 'goes on with an empty state where one was lost',
    file: 'engine/dispatcher.ts',
    find: 'if (state.keepsState) restore(lane, effects);',
    replace: "if (state.keepsState) enter(lane, 'running');",
    windows: true,
  },
  {
    name: 'condemns what was lost with a thread without looking again',
    file: 'pool/suspects.ts',
    find: 'this.#suspected.set(key, { first, until });',
    replace: '',
    windows: true,
  },
  {
    name: 'gives records that follow a suspected one together with it',
    file: 'pool/suspects.ts',
    find: '(care || open.alone !== null)',
    replace: 'care',
    windows: true,
    from: 55,
  },
  {
    name: 'goes on behind a micro-batch that never reached its thread',
    file: 'pool/stateful-pool.ts',
    find: 'catch (error) {\n        this.#giveUp(lane);',
    replace: 'catch (error) {',
    windows: true,
    from: 4_481,
  },
  {
    name: 'sends a micro-batch before the lane has moved',
    file: 'pool/stateful-pool.ts',
    find: 'if (slice !== undefined && lane.queue.isIdle && ready === undefined && isPlain && !proves)',
    replace: 'if (isPlain && !proves)',
    windows: true,
  },
  {
    name: "takes records into windows that are none of the model's business",
    file: 'features/only.ts',
    find: 'if (!wanted.has(textOf(get(record)))) return SKIPPED;',
    replace:
      'if (!wanted.has(textOf(get(record)))) { plan.fill(record, row, column, timestampMs, key); return SKIPPED; }',
    windows: true,
  },
  {
    name: 'makes a dead letter of a tombstone that is to be skipped',
    file: 'worker/task.ts',
    find: "return setup.tombstones === 'skip' ? SKIPPED : NO_VALUE;",
    replace: 'return NO_VALUE;',
  },
  {
    name: 'misses in the audit what was skipped',
    file: 'reading/selection.ts',
    find: 'reader.read(bytes, valueStart, valueEnd, NO_ROW, 0, timestampMs) === SKIPPED',
    replace: 'false',
  },
  {
    name: 'does not count what it skips',
    file: 'worker/part-answers.ts',
    find: 'this.#counts.skipped++;',
    replace: '',
  },
  {
    name: 'blames records for a thread that had not begun with them',
    file: 'pool/ask-for-state.ts',
    find: 'if (!isNotBegun(error))',
    replace: "if ((error as Error).name !== 'ThreadRetiredError')",
    windows: true,
    from: 5_014,
  },
  {
    name: 'does not stamp micro-batches with their version',
    file: 'engine/opening.ts',
    find: '...(deployment === undefined ? {} : { deployment }),',
    replace: '',
  },
  {
    name: 'tries again with the version that serves now',
    file: 'pool/worker-client.ts',
    find: 'const deployment = asked[0]?.microBatch.deployment;',
    replace: 'const deployment = undefined;',
  },
  {
    name: 'produces micro-batches of two versions as one',
    file: 'engine/ledger.ts',
    find: "({ stage, deployment }) => stage.name !== 'scored' || deployment !== oldest.deployment,",
    replace: "({ stage }) => stage.name !== 'scored',",
  },
  {
    name: 'takes a version from the threads that scores what is in flight',
    file: 'engine/ledger.ts',
    find: 'return this.#entries.some((entry) => entry.deployment === deployment);',
    replace: 'return false;',
    from: 323,
  },
  {
    name: 'takes a snapshot of other windows',
    file: 'worker/states/lane-states.ts',
    find: 'const plan = this.#planName;',
    replace: "const plan = '';",
    windows: true,
  },
];

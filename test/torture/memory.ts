// `npm run torture -- --memory 512MiB`: the daemon in a control group with so little memory, before
// a backlog of 400 MB in 200 partitions. On each backend it must score all of it, or refuse to
// start with the sum; the kernel must not end it.

import type { Backend } from '../../src/model/predictor.ts';
import { startBroker } from '../../tools/broker.ts';
import { allCommitted, flags, newJob, Program } from '../support/daemon.ts';
import { kafkaFor, settingsFor } from '../support/kafka.ts';
import { writeBacklog } from './backlog.ts';
import { Cgroup } from './cgroup.ts';
import { ownAudit } from './play.ts';

const PARTITIONS = 200;
const RECORDS = 400_000;
const REFUSED = 78;

/**
 * Resolves to whether every backend held, with these settings besides. Throws `NoCgroupError` where
 * no group can be made.
 */
export async function withinMemory(
  limitBytes: number,
  settings: readonly string[],
  say: (line: string) => void,
): Promise<boolean> {
  new Cgroup(limitBytes).remove();
  const broker = await startBroker();
  let isSound = true;
  try {
    for (const backend of ['wasm', 'native'] as const)
      isSound = (await scores(broker.address, backend, limitBytes, settings, say)) && isSound;
  } finally {
    await broker.stop();
  }
  return isSound;
}

async function scores(
  address: string,
  backend: Backend,
  limitBytes: number,
  settings: readonly string[],
  say: (line: string) => void,
): Promise<boolean> {
  const job = await newJob(address, [`model.backend=${backend}`, ...settings], PARTITIONS);
  await writeBacklog(address, { topic: job.input, partitions: PARTITIONS, records: RECORDS });
  const group = new Cgroup(limitBytes);
  const daemon = new Program(['run', '--config', 'config/kafka.yaml', ...flags(job, [])]);
  try {
    group.add(daemon.child.pid as number);
    const ended = await Promise.race([
      daemon.ended,
      allCommitted(job, kafkaFor(settingsFor(address)), daemon).then(() => null),
    ]);
    if (ended?.code === REFUSED) {
      say(`${backend}: refused to start:\n${ended.out}`);
      return ended.out.includes('in all');
    }
    const { code, signal, out } = await daemon.stop();
    const audit = await ownAudit(job);
    const peakMib = Math.round(group.peakBytes / 2 ** 20);
    const how = ended === null ? 'scored' : 'ENDED BY ITSELF';
    say(
      `${backend}: ${how}, code ${code} signal ${signal}, at most ${peakMib} MiB, audit ${JSON.stringify(audit)}`,
    );
    const isSound =
      ended === null && code === 0 && audit.missing + audit.pending === 0 && audit.inputs === RECORDS;
    if (!isSound) say(out.slice(-4_000));
    return isSound;
  } finally {
    daemon.child.kill('SIGKILL');
    await daemon.ended;
    group.remove();
  }
}

// The classes of a broker as Java has them in memory (class data sharing), for brokers that start
// in half of the time: tests start a hundred of them.

import { existsSync, renameSync, rmSync } from 'node:fs';
import { atEnd } from './at-end.ts';
import { classArchive, ensureKafka, startBroker } from './broker.ts';

/**
 * Made once, from what a broker has loaded when it ends. It is for one Java: another one warns, and
 * goes without.
 */
export async function ensureClassArchive(version: string): Promise<void> {
  await ensureKafka(version);
  const archive = classArchive(version);
  if (existsSync(archive)) return;
  const draft = `${archive}.${process.pid}`;
  const drop = atEnd(() => rmSync(draft, { force: true }));
  const broker = await startBroker({ version, jvm: [`-XX:ArchiveClassesAtExit=${draft}`] });
  await broker.stop();
  // It took too long, and has written a part.
  if (broker.process.signalCode === 'SIGKILL') throw new Error(`${archive} could not be written in time`);
  renameSync(draft, archive);
  drop();
}

// Kafka's own command-line tools, such as kafka-topics.sh, fetched once through Maven: scripts of
// these names in a folder.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { fetchJars } from './maven.ts';

const VERSION = '3.9.1';
/** What the scripts of Kafka's distribution start. */
const MAIN_CLASSES = {
  'kafka-topics.sh': 'org.apache.kafka.tools.TopicCommand',
  'kafka-acls.sh': 'kafka.admin.AclCommand',
};

/** Resolves to the folder of the scripts. */
export async function ensureKafkaTools(): Promise<string> {
  const folder = cacheFolder(`kafka-tools-${VERSION}`);
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return folder;
  const artefacts = ['kafka-tools', 'kafka_2.13'].map((name) => `org.apache.kafka:${name}:${VERSION}`);
  const jars = await fetchJars(folder, artefacts);
  const quiet = join(folder, 'log4j.properties');
  writeFileSync(quiet, 'log4j.rootLogger=OFF\n');
  for (const [name, main] of Object.entries(MAIN_CLASSES))
    writeFileSync(
      join(folder, name),
      `#!/bin/sh\nexec java -cp '${jars}/*' -Dlog4j.configuration='file:${quiet}' ${main} "$@"\n`,
      { mode: 0o755 },
    );
  writeFileSync(complete, '');
  return folder;
}

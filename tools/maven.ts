// Jars with all that they depend on, through Maven.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';

const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';

/** `artefacts`: `group:name:version`. Resolves to the folder of the jars, `jars` in that folder. */
export async function fetchJars(folder: string, artefacts: readonly string[]): Promise<string> {
  const dependencies = artefacts.map((each) => {
    const [group, name, version] = each.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  const pom = join(folder, 'pom.xml');
  writeFileSync(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>scorelane</groupId><artifactId>jars</artifactId><version>1</version>
  <dependencies>
    ${dependencies.join('\n    ')}
  </dependencies>
</project>
`,
  );
  const jars = join(folder, 'jars');
  await run('mvn', ['-q', '-B', '-f', pom, GOAL, `-DoutputDirectory=${jars}`]);
  return jars;
}

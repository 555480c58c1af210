// `npm test` begins here: fetches and builds the real parts that the tests need. A part that cannot
// be had is named loudly; with CI=true that ends the run, without it the tests of that part fail
// one by one and the others still run.

import { KAFKA_VERSIONS } from '../../tools/broker.ts';
import { ensureChromium } from '../../tools/chromium.ts';
import { ensureClassArchive } from '../../tools/class-archive.ts';
import { ensureKafkaTools } from '../../tools/kafka-tools.ts';
import { ensureLinters, ensureSchemathesis, ensureSystemdAnalyze } from '../../tools/linters.ts';
import { ensureNative } from '../../tools/native.ts';
import { ensurePrometheus } from '../../tools/prometheus.ts';
import { ensureClients, ensurePython } from '../../tools/python.ts';
import { ensureRegistry } from '../../tools/registry.ts';

const parts: readonly {
  readonly name: string;
  readonly needs: string;
  readonly get: () => Promise<unknown>;
}[] = [
  ...KAFKA_VERSIONS.map((version) => ({
    name: `Kafka ${version}`,
    needs: 'a JDK 17, Maven and Maven Central',
    get: () => ensureClassArchive(version),
  })),
  { name: "Kafka's tools", needs: 'a JDK 17, Maven and Maven Central', get: ensureKafkaTools },
  { name: 'the schema registry', needs: 'a JDK 17, Maven and Maven Central', get: ensureRegistry },
  { name: 'Python with librdkafka and TensorFlow', needs: 'python3 with venv, and PyPI', get: ensurePython },
  { name: 'hadolint and kubernetes-validate', needs: 'python3 with venv, and PyPI', get: ensureLinters },
  { name: 'schemathesis', needs: 'python3 with venv, and PyPI', get: ensureSchemathesis },
  { name: 'Prometheus', needs: 'apt-get and dpkg of Debian', get: ensurePrometheus },
  { name: 'systemd-analyze', needs: 'systemd, or apt-get and dpkg of Debian', get: ensureSystemdAnalyze },
  {
    name: 'Chromium',
    needs: 'apt-get and dpkg of Debian, or CHROMIUM with the path of one',
    get: ensureChromium,
  },
  { name: 'Python with HTTP clients', needs: 'python3 with venv, and PyPI', get: ensureClients },
  { name: 'the native backend', needs: 'python3 with venv, PyPI and g++', get: () => ensureNative(() => {}) },
];

let missing = 0;
for (const { name, needs, get } of parts) {
  const started = performance.now();
  try {
    await get();
    console.log(`have ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    missing++;
    console.error(
      `\nMISSING: ${name}. It needs ${needs}. The tests that use it will fail.\n${(error as Error).message}\n`,
    );
  }
}
if (missing > 0 && process.env.CI === 'true') process.exitCode = 1;

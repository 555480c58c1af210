// The manifests for Kubernetes and the unit for systemd, where neither can run: valid by their
// schemas, and what they start is what the daemon takes.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import test from 'ava';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { ensureLinters, ensureSystemdAnalyze } from '../../tools/linters.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { ROOT } from '../support/daemon.ts';

const read = (...path: string[]): string => readFileSync(join(ROOT, 'docs', ...path), 'utf8');
const MANIFESTS = join(ROOT, 'docs', 'kubernetes', 'scorelane.yaml');
const documents = parseAllDocuments(readFileSync(MANIFESTS, 'utf8')).map((each) => each.toJS() as Manifest);

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
  readonly spec: {
    readonly template: { readonly spec: PodSpec };
    readonly selector: { readonly matchLabels: object };
  };
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly { readonly args: readonly string[]; readonly ports: readonly object[] }[];
}

const ofKind = (kind: string): Manifest => {
  const found = documents.find((each) => each.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} in ${MANIFESTS}`);
  return found;
};

test('the manifests are valid by the schemas of Kubernetes, to the last key', async (t) => {
  const program = join(await ensureLinters(), 'kubernetes-validate');
  const validate = (file: string) => spawnSync(program, ['--strict', file], { encoding: 'utf8' });
  const { status, stdout, stderr } = validate(MANIFESTS);
  t.is(status, 0, stdout + stderr);
  const wrong = join(tempFolder('manifest'), 'wrong.yaml');
  writeFileSync(wrong, readFileSync(MANIFESTS, 'utf8').replace('readinessProbe:', 'readynessProbe:'));
  t.not(validate(wrong).status, 0, 'it does look');
});

test('the ScaledObject is valid by the schema of KEDA, and scales what the manifests deploy, by the group and topic of its job', (t) => {
  const text = read('kubernetes', 'keda.yaml');
  const scaled = new ScaledObject(parse(text));
  t.notThrows(() => scaled.validate());
  t.throws(() => new ScaledObject(parse(text.replace('triggers:', 'trigger:'))).validate());
  t.is(scaled.spec?.scaleTargetRef.name, ofKind('Deployment').metadata.name);
  const { config } = jobOf();
  t.like(scaled.spec?.triggers[0]?.metadata, {
    bootstrapServers: config.kafka['bootstrap.servers'],
    consumerGroup: config.kafka['group.id'],
    topic: config.input.topic,
  });
});

/** The job of the config map, as the container reads it. */
function jobOf() {
  const [[name, text] = ['', '']] = Object.entries(ofKind('ConfigMap').data);
  const file = join(tempFolder('manifest'), name);
  writeFileSync(file, text);
  const { jobs } = loadConfig({ file, flags: [], environment: {} });
  const [job] = jobs;
  if (job === undefined) throw new Error('no job');
  return job;
}

test('the configuration of the config map is one that the daemon takes, and it listens where it is probed', (t) => {
  const { spec } = ofKind('Deployment').spec.template;
  const [container] = spec.containers;
  const { config } = jobOf();
  t.is(config.http.listen, '0.0.0.0:8080');
  t.deepEqual(container?.ports, [{ name: 'http', containerPort: 8080 }]);
  t.deepEqual(container?.args, ['run', '--config', '/etc/scorelane/scorelane.yaml']);
  t.true(spec.terminationGracePeriodSeconds * 1000 > config.lanes.stopTimeout);
  t.deepEqual(ofKind('PodDisruptionBudget').spec.selector, ofKind('Deployment').spec.selector);
});

test('systemd finds nothing wrong with the unit, and it gives the daemon the time that it may take to stop', async (t) => {
  const unit = read('systemd', 'scorelane.service');
  const { path, env } = await ensureSystemdAnalyze();
  const verify = (text: string) => {
    const file = join(tempFolder('unit'), 'scorelane.service');
    // The command of the package is not installed here.
    writeFileSync(file, text.replace('/usr/bin/scorelane', process.execPath));
    const found = spawnSync(path, ['verify', '--man=no', file], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    return { status: found.status, said: found.stdout + found.stderr };
  };
  t.deepEqual(verify(unit), { status: 0, said: '' });
  t.regex(verify(unit.replace('TimeoutStopSec', 'TimeoutStopsSec')).said, /Unknown key/);
  const [, seconds] = /TimeoutStopSec=(\d+)/.exec(unit) ?? [];
  t.true(Number(seconds) * 1000 > jobOf().config.lanes.stopTimeout);
  const [, codes = ''] = /RestartPreventExitStatus=(.*)/.exec(unit) ?? [];
  t.deepEqual(codes.split(' '), ['74', '77', '78']);
});

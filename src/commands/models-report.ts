// What `models import` and `models inspect` print of a model: its inputs and outputs, and how it
// runs on each backend.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { grouped } from '../base/grouped.ts';
import type { Exported, ExportedTensor } from '../importing/exported.ts';
import { type BackendTrial, MEASURED_ROWS } from '../importing/trial.ts';
import type { ModelManifest } from '../model/manifest.ts';
import type { Backend } from '../model/predictor.ts';

/** What is in the model. */
export function modelLines(exported: Exported): string[] {
  const { kind, madeWith, parameters, signatures, inputs, outputs, operations } = exported;
  const size = parameters === null ? '' : `, ${grouped(parameters)} parameters`;
  return [
    `model    ${KINDS[kind] ?? kind}, ${madeWith}${size}`,
    ...(signatures === null ? [] : [`         signatures ${signatures.join(', ')}`]),
    ...inputs.map((tensor) => `input    ${tensorInWords(tensor)}`),
    ...outputs.map((tensor) => `output   ${tensorInWords(tensor)}`),
    ...(operations === null ? [] : [`ops      ${operationsInWords(operations)}`]),
  ];
}

const KINDS: Readonly<Record<string, string>> = { keras: 'Keras file', savedModel: 'SavedModel' };

const tensorInWords = ({ name, type, shape }: ExportedTensor): string =>
  `${name}  ${type} [${['records', ...shape.map((length) => length ?? 'any')].join(', ')}]`;

const operationsInWords = (operations: Readonly<Record<string, number>>): string =>
  Object.entries(operations)
    .map(([name, count]) => (count === 1 ? name : `${count} ${name}`))
    .join(', ');

/** A line for each backend, with what a record costs; or why it cannot run the model. */
export function backendLines(
  exported: Exported | null,
  manifest: ModelManifest,
  trials: readonly BackendTrial[],
): string[] {
  const { savedModel, web, onnx } = manifest.artefacts;
  const sizes = MEASURED_ROWS.map((rows) => grouped(rows).padStart(9)).join('');
  const head = `${''.padEnd(9)}${'us a record, by rows in a call'.padEnd(32)}${sizes}`;
  const shown = trials.filter(({ backend }) => exported === null || isOfItsKind(exported, backend));
  /** By reason: the first backend that has it. */
  const told = new Map<string, Backend>();
  const lines = shown.map(({ backend, refusal, costs }) => {
    const name = backend.padEnd(9);
    const why = refusal === null ? null : because(exported, backend, refusal);
    if (why !== null) {
      const same = told.get(why);
      told.set(why, same ?? backend);
      return `${name}no: ${same === undefined ? why : `as ${same}`}`;
    }
    const path = { native: savedModel, wasm: web, cpu: web, onnx }[backend]?.path;
    const what = `${path} (${sizeInWords(manifest, backend)})`;
    return `${name}${what.padEnd(32)}${costs.map((cost) => toPlaces(cost).padStart(9)).join('')}`;
  });
  return [head, ...lines, ...unrolledLines(exported)];
}

/**
 * The onnx backend has nothing to do with a model of TensorFlow, and the others with an .onnx file.
 */
const isOfItsKind = ({ onnx }: Exported, backend: Backend): boolean =>
  'missing' in onnx === (backend !== 'onnx');

/** What the export says of an artefact that is not there says more than that it is not. */
function because(exported: Exported | null, backend: Backend, refusal: string): string {
  const artefact = backend === 'native' ? exported?.savedModel : exported?.web;
  return artefact !== undefined && 'missing' in artefact ? artefact.missing : refusal;
}

function unrolledLines(exported: Exported | null): string[] {
  if (exported === null || 'missing' in exported.web) return [];
  const { unrolled, nodes } = exported.web;
  if (unrolled.length === 0) return [];
  const loops = unrolled.length === 1 ? 'a loop' : `${unrolled.length} loops`;
  const steps = unrolled.map(({ steps: count }) => count).join(', ');
  return [`         model.json has ${loops} unrolled (${steps} steps): ${grouped(nodes)} nodes`];
}

function sizeInWords({ folder, artefacts }: ModelManifest, backend: Backend): string {
  const { savedModel, onnx } = artefacts;
  const bytes =
    backend === 'native' && savedModel !== undefined
      ? bytesIn(join(folder, savedModel.path))
      : backend === 'onnx' && onnx !== undefined
        ? statSync(join(folder, onnx.path)).size
        : bytesIn(folder, (name) => !name.startsWith('saved_model') && /\.(?:json|bin)$/.test(name));
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

const bytesIn = (folder: string, isCounted: (name: string) => boolean = () => true): number =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter(isCounted)
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0);

const toPlaces = (micros: number): string =>
  Number.isNaN(micros) ? '-' : micros < 100 ? micros.toPrecision(2) : micros.toFixed(0);

/**
 * How far each backend is from the golden outputs: `native differs by at most 1.2e-7, wasm by 0`.
 */
export const differencesInWords = (trials: readonly BackendTrial[]): string =>
  trials
    .filter(({ refusal }) => refusal === null)
    .map(({ backend, differences }, index) => {
      const most = Math.max(0, ...differences.map(({ expected, found }) => Math.abs(found - expected)));
      return `${backend}${index === 0 ? ' differs by at most' : ' by'} ${most === 0 ? '0' : most.toExponential(1)}`;
    })
    .join(', ');

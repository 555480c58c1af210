// Chooses the backend to serve on. `auto` loads every backend that is installed, checks it against
// the golden records, measures it on the batch size in use, and takes the fastest. A backend that
// cannot run the model is passed over, with its reason. The answer depends on the model and the
// batch (docs/decisions/0005).

import { ScorelaneError } from '../base/errors.ts';
import { checkGolden } from './golden.ts';
import { goldenRows } from './golden-rows.ts';
import { loadPredictor } from './load-predictor.ts';
import { type ModelManifest, readGolden } from './manifest.ts';
import { ModelError } from './model-error.ts';
import { BACKENDS, type Backend, BackendMissingError, type Predictor } from './predictor.ts';
import { inBrackets } from './runtime-words.ts';

export interface BackendReport {
  readonly backend: Backend;
  /** Why the backend cannot be used. Null if it can. */
  readonly missing: string | null;
  /** Whether the backend is not there, or has no artefact; else the model does not run on it. */
  readonly isMissing: boolean;
  readonly runtime: string | null;
  /** The median time of one predict call, divided by its rows. */
  readonly microsPerRecord: number | null;
}

export interface BackendChoice {
  readonly backend: Backend;
  readonly batchRecords: number;
  readonly reports: readonly BackendReport[];
}

const WARM_UP_CALLS = 5;
const MEASURED_CALLS = 15;
/** A slow backend with large batches must not hold up the start: it loses in any case. */
const MEASURED_MS_MAX = 5_000;

/**
 * Tries the wanted backend, or all of them. Throws `ModelError` or `BackendMissingError` if none
 * can serve.
 */
export async function chooseBackend(
  manifest: ModelManifest,
  wanted: Backend | 'auto',
  batchRecords: number,
): Promise<BackendChoice> {
  const golden = readGolden(manifest);
  let rows: Float32Array | undefined;
  const reports: BackendReport[] = [];
  for (const backend of wanted === 'auto' ? BACKENDS : [wanted]) {
    const passOver = (error: unknown): null => {
      if (wanted !== 'auto' || !isOfTheBackend(error)) throw error;
      const isMissing = error instanceof BackendMissingError;
      reports.push({ backend, missing: error.message, isMissing, runtime: null, microsPerRecord: null });
      return null;
    };
    const predictor = await loadPredictor(backend, manifest).catch(passOver);
    if (predictor === null) continue;
    // What is wrong with the golden records themselves is wrong for every backend. What does not
    // fit the model's signature is told before.
    rows ??= goldenRows(manifest, golden);
    try {
      checkGolden(manifest, golden, saying(manifest, predictor), rows);
      const microsPerRecord = measure(predictor, tiled(rows, manifest.width, batchRecords), batchRecords);
      reports.push({ backend, missing: null, isMissing: false, runtime: predictor.runtime, microsPerRecord });
    } catch (error) {
      passOver(error);
    } finally {
      predictor.dispose();
    }
  }
  const usable = reports.filter(({ missing }) => missing === null);
  usable.sort((a, b) => (a.microsPerRecord ?? 0) - (b.microsPerRecord ?? 0));
  const best = usable[0];
  if (best === undefined) {
    const why = reports.map(({ backend, missing }) => `\n  ${backend}: ${missing}`).join('');
    const message = `no backend can serve model ${manifest.name} version ${manifest.version}:${why}`;
    // What is wrong with the model is told before what is not installed.
    throw reports.every(({ isMissing }) => isMissing)
      ? new BackendMissingError(message)
      : new ModelError(message);
  }
  return { backend: best.backend, batchRecords, reports };
}

const isOfTheBackend = (error: unknown): error is ScorelaneError =>
  error instanceof BackendMissingError || error instanceof ModelError;

/** What the runtime refuses is the model's fault here: it serves nowhere yet. */
const saying = ({ name, version }: ModelManifest, predictor: Predictor): Predictor => ({
  ...predictor,
  predict(features, rows) {
    try {
      return predictor.predict(features, rows);
    } catch (error) {
      if (error instanceof ScorelaneError) throw error;
      throw new ModelError(
        `model ${name} version ${version}: expected outputs for its golden records on ${predictor.backend}, ` +
          `found that ${predictor.backend === 'onnx' ? 'onnxruntime' : 'TensorFlow'} cannot compute them${inBrackets(error)}`,
        { cause: error },
      );
    }
  },
});

/** The rows again and again, up to `count` of them. Cells may hold other things than floats. */
export function tiled(rows: Float32Array, width: number, count: number): Float32Array {
  const all = new Float32Array(count * width);
  for (let to = 0; to < all.length; to += rows.length)
    new Uint8Array(all.buffer).set(bytesOf(rows.subarray(0, all.length - to)), to * CELL_BYTES);
  return all;
}

const CELL_BYTES = Float32Array.BYTES_PER_ELEMENT;
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/**
 * The median microseconds per record, over some calls on `rows` rows; over fewer if they take long.
 */
export function measure(
  predictor: Predictor,
  features: Float32Array,
  rows: number,
  msMax = MEASURED_MS_MAX,
): number {
  const begunMs = performance.now();
  const isLate = (): boolean => performance.now() - begunMs > msMax;
  for (let call = 0; call < WARM_UP_CALLS && !isLate(); call++) predictor.predict(features, rows);
  const times: number[] = [];
  for (let call = 0; call < MEASURED_CALLS && (call === 0 || !isLate()); call++) {
    const start = performance.now();
    predictor.predict(features, rows);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return ((times[times.length >> 1] as number) * 1000) / rows;
}

/** One line for a log: the backend that was taken, and why. */
export function explainChoice({ backend, batchRecords, reports }: BackendChoice): string {
  const parts = reports.map((report) =>
    report.missing === null
      ? `${report.backend} ${report.microsPerRecord?.toFixed(2)} us a record`
      : `${report.backend} ${report.isMissing ? 'missing' : 'cannot run it'} (${report.missing})`,
  );
  return `${backend}, measured on ${batchRecords} records: ${parts.join(', ')}`;
}

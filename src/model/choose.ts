// Chooses the backend to serve on. `auto` loads every backend that is installed, checks it against
// the golden records, measures it on the batch size in use, and takes the fastest. The answer
// depends on the model and the batch (docs/decisions/0005).

import { ScorelaneError } from '../base/errors.ts';
import { checkGolden } from './golden.ts';
import { loadPredictor } from './load-predictor.ts';
import { ModelError, type ModelManifest, readGolden } from './manifest.ts';
import { BACKENDS, type Backend, BackendMissingError, type Predictor } from './predictor.ts';
import { inBrackets } from './runtime-words.ts';

export interface BackendReport {
  readonly backend: Backend;
  /** Why the backend cannot be used. Null if it can. */
  readonly missing: string | null;
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
  const reports: BackendReport[] = [];
  for (const backend of wanted === 'auto' ? BACKENDS : [wanted]) {
    try {
      const predictor = await loadPredictor(backend, manifest);
      checkGolden(manifest, golden, saying(manifest, predictor));
      const microsPerRecord = measure(predictor, manifest.width, batchRecords);
      reports.push({ backend, missing: null, runtime: predictor.runtime, microsPerRecord });
    } catch (error) {
      if (wanted !== 'auto' || !(error instanceof BackendMissingError)) throw error;
      reports.push({ backend, missing: error.message, runtime: null, microsPerRecord: null });
    }
  }
  const usable = reports.filter(({ missing }) => missing === null);
  usable.sort((a, b) => (a.microsPerRecord ?? 0) - (b.microsPerRecord ?? 0));
  const best = usable[0];
  if (best === undefined) {
    throw new BackendMissingError(
      `no backend can serve model ${manifest.name}: ${reports.map(({ backend, missing }) => `${backend}: ${missing}`).join('; ')}`,
    );
  }
  return { backend: best.backend, batchRecords, reports };
}

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
          `found that TensorFlow cannot compute them${inBrackets(error)}`,
        { cause: error },
      );
    }
  },
});

/**
 * The median microseconds per record, over some calls on `rows` rows; over fewer if they take long.
 */
function measure(predictor: Predictor, width: number, rows: number): number {
  const features = new Float32Array(rows * width).map((_, index) => Math.sin(index));
  const begunMs = performance.now();
  const isLate = (): boolean => performance.now() - begunMs > MEASURED_MS_MAX;
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
      : `${report.backend} missing (${report.missing})`,
  );
  return `${backend}, measured on ${batchRecords} records: ${parts.join(', ')}`;
}

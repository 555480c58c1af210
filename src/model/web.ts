// The wasm and cpu backends: TensorFlow.js in JavaScript, with graph models and layers models
// (model.json and weights).

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type * as Core from '@tensorflow/tfjs-core';
import type { io, Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { tensorValues } from './cells.ts';
import { agrees, chainOf, type KernelChain } from './kernel-chain.ts';
import type { ModelManifest, ModelOutput } from './manifest.ts';
import { ModelError } from './model-error.ts';
import { BackendMissingError, isNotInstalled, type Predictor } from './predictor.ts';
import { inBrackets } from './runtime-words.ts';
import { matchInputs, type SignatureInput } from './signature.ts';
import { columnOf, refuseMissingOutputs } from './tensor-output.ts';
import { readWebDocument, readWeights, type WebDocument } from './web-files.ts';
import { refuseOperations } from './web-operations.ts';

type TensorFlow = Omit<typeof Core, 'default'>;

const require = createRequire(import.meta.url);

export async function loadWeb(backend: 'wasm' | 'cpu', manifest: ModelManifest): Promise<Predictor> {
  const { web } = manifest.artefacts;
  if (web === undefined) {
    throw new BackendMissingError(
      `model ${manifest.name} has no artefacts.web, which the ${backend} backend needs`,
    );
  }
  const tf = await import('@tensorflow/tfjs-core');
  await useBackend(backend);
  const file = join(manifest.folder, web.path);
  const loading = loadRunner(tf, backend, file, manifest, web.input);
  const { run, chain, dispose } = await loading.catch((error: unknown) => {
    if (error instanceof ModelError || isNotInstalled(error)) throw error;
    throw notLoadable(file, error);
  });
  const { width, tensors, outputs } = manifest;
  const predict: Predictor['predict'] = (features, rows) => {
    // Another model of this thread may be on another backend. This one has started before, so it is
    // set at once, without waiting.
    if (tf.getBackend() !== backend) void tf.setBackend(backend);
    const values = tensorValues(tensors, features, rows);
    const results = tf.tidy(() =>
      run(
        tensors.map(({ type, shape }, index) =>
          tf.tensor(values[index] as Float32Array, [rows, ...shape], type),
        ),
      ),
    );
    try {
      return outputs.map(({ name }, index) => columnOf(file, name, results[index] as Tensor, rows));
    } finally {
      tf.dispose(results);
    }
  };
  return {
    backend,
    runtime: `tfjs ${tf.version_core} (${backend})`,
    predict: chain !== null && sameAs(chain, predict, width) ? chain.predict : predict,
    tensorCount: () => tf.memory().numTensors,
    dispose,
  };
}

/** The backends that this thread has started already. Their settings can no longer change. */
const started = new Set<string>();

/** From then on, new tensors are made on this backend. */
async function useBackend(backend: 'wasm' | 'cpu'): Promise<void> {
  const tf = await import('@tensorflow/tfjs-core');
  if (!started.has(backend)) await prepare(backend);
  if (!(await tf.setBackend(backend))) {
    throw new BackendMissingError(`TensorFlow.js could not start its ${backend} backend`);
  }
  started.add(backend);
}

async function prepare(backend: 'wasm' | 'cpu'): Promise<void> {
  const tf = await import('@tensorflow/tfjs-core');
  // Without debug checks of each tensor, and without the advertisement on standard output.
  tf.enableProdMode();
  if (backend === 'wasm') {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
    // One thread per worker: the pool makes the parallelism. The multi-threaded binary would start
    // threads of its own.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  } else {
    await import('@tensorflow/tfjs-backend-cpu');
  }
}

/** A model that throws for these rows says so when its golden records are predicted. */
function sameAs(chain: KernelChain, predict: Predictor['predict'], width: number): boolean {
  try {
    return agrees(chain, predict, width);
  } catch {
    return false;
  }
}

interface Runner {
  /** Takes the tensors of model.yaml, in its order. */
  run(inputs: readonly Tensor[]): Tensor[];
  /** The same without what TensorFlow.js does around its kernels; null where it must do it. */
  readonly chain: KernelChain | null;
  dispose(): void;
}

async function loadRunner(
  tf: TensorFlow,
  backend: 'wasm' | 'cpu',
  file: string,
  manifest: ModelManifest,
  inputName: string | undefined,
): Promise<Runner> {
  const { outputs, tensors, width } = manifest;
  const document = readWebDocument(file);
  if (document.format === 'graph-model') {
    const { loadGraphModel } = await import('@tensorflow/tfjs-converter');
    const model = await loadGraphModel(fromFolder(file, document));
    try {
      const nodes = nodesOf(file, model, document, manifest, inputName);
      refuseOperations(file, backend, model, nodes.outputs);
      const [input = ''] = nodes.inputs;
      const isPlain = tensors.length === 1 && tensors[0]?.type === 'float32';
      return {
        run: (given) => [model.execute(namedBy(nodes.inputs, given), [...nodes.outputs])].flat(),
        chain:
          backend === 'wasm' && isPlain
            ? chainOf({ tf, backend, document, weights: model.weights, input, outputs: nodes.outputs, width })
            : null,
        dispose: () => model.dispose(),
      };
    } catch (error) {
      model.dispose();
      throw error;
    }
  }
  const model = await loadLayers(file, document);
  try {
    if (model.outputs.length !== outputs.length)
      throw new ModelError(`${file} has ${model.outputs.length} outputs, model.yaml names ${outputs.length}`);
    const signature = model.inputs.map(({ name, dtype, shape }) => inputOf({ name, dtype, shape }));
    const names = matchInputs(file, tensors, signature, inputName).map(({ name }) => name);
    const order = signature.map(({ name }) => names.indexOf(name));
    const places = placesOf(file, outputs, model.outputNames);
    return {
      run: (given) => {
        const found = [model.predict(order.map((index) => given[index] as Tensor))].flat() as Tensor[];
        return places.map((place) => found[place] as Tensor);
      },
      chain: null,
      dispose: () => void model.dispose(),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** On the backend that is set. */
async function loadLayers(file: string, document: WebDocument): Promise<LayersModel> {
  // Keras 3 calls it so; TensorFlow.js knows what Keras 2 wrote.
  if (JSON.stringify(document.modelTopology).includes('"batch_shape"'))
    throw new ModelError(
      `${file}: expected a layers model as TensorFlow.js writes it, found one of Keras 3 (batch_shape): ` +
        '"scorelane models import" makes a graph model of the .keras file',
    );
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  return loadLayersModel(fromFolder(file, document));
}

/**
 * Does something with a layers model, loaded where every installation can load one. Rejects with
 * `ModelError` for one that TensorFlow.js cannot load.
 */
export async function withLayers<T>(
  file: string,
  document: WebDocument,
  act: (model: LayersModel) => T,
): Promise<T> {
  await useBackend('cpu');
  const model = await loadLayers(file, document).catch((error: unknown) => {
    throw error instanceof ModelError ? error : notLoadable(file, error);
  });
  try {
    return act(model);
  } finally {
    model.dispose();
  }
}

const notLoadable = (file: string, error: unknown): ModelError =>
  new ModelError(
    `${file}: expected a model that TensorFlow.js can load, found one that it cannot${inBrackets(error)}`,
    { cause: error },
  );

/** A layers model names its outputs by its layers; names of one's own go by their order. */
function placesOf(
  file: string,
  outputs: readonly ModelOutput[],
  there: readonly string[],
): readonly number[] {
  if (outputs.every(({ name }) => !there.includes(name))) return outputs.map((_, index) => index);
  refuseMissingOutputs(file, outputs, there);
  return outputs.map(({ name }) => there.indexOf(name));
}

const namedBy = (names: readonly string[], given: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(names.map((name, index) => [name, given[index] as Tensor]));

const inputOf = ({
  name,
  dtype,
  shape,
}: {
  readonly name: string;
  readonly dtype: string;
  readonly shape?: readonly (number | null)[] | undefined;
}): SignatureInput => ({ name, type: dtype, shape: shape?.map((length) => length ?? -1) ?? null });

interface WrittenSignature {
  readonly inputs?: Record<string, { readonly name: string }>;
  readonly outputs?: Record<string, { readonly name: string }>;
}

/** The nodes of the graph that take the tensors of model.yaml, and that give the outputs. */
function nodesOf(
  file: string,
  model: GraphModel,
  document: WebDocument,
  { tensors, outputs }: ModelManifest,
  inputName: string | undefined,
): { readonly inputs: readonly string[]; readonly outputs: readonly string[] } {
  const { inputs: written, outputs: given = {} } = (document.signature ?? {}) as WrittenSignature;
  const plain = (name: string): string => name.replace(/:0$/, '');
  // A graph's inputs by their names in the signature; one without a signature has its nodes alone.
  const names = new Map(Object.entries(written ?? {}).map(([name, node]) => [plain(node.name), name]));
  const signature = model.inputs.map(({ name, dtype, shape }) => ({
    node: name,
    ...inputOf({ name: names.get(plain(name)) ?? name, dtype, shape }),
  }));
  // An input may also be meant by its node.
  const meant = signature.find(({ node }) => plain(node) === inputName)?.name ?? inputName;
  const matched = matchInputs(file, tensors, signature, meant);
  refuseMissingOutputs(file, outputs, Object.keys(given));
  return {
    inputs: matched.map((input) => (input as (typeof signature)[number]).node),
    outputs: outputs.map(({ name }) => (given[name] as { readonly name: string }).name),
  };
}

/** Hands over what was read. TensorFlow.js itself only fetches it over HTTP. */
function fromFolder(file: string, document: WebDocument): io.IOHandler {
  return {
    async load() {
      const weightSpecs = document.weightsManifest.flatMap(({ weights }) => weights);
      const { weightsManifest: _, ...others } = document;
      return { ...others, weightSpecs, weightData: readWeights(file, document) } as io.ModelArtifacts;
    },
  };
}

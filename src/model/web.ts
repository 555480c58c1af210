// The wasm and cpu backends: TensorFlow.js in JavaScript, with graph models and layers models
// (model.json and weights).

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type * as Core from '@tensorflow/tfjs-core';
import type { io, Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { agrees, chainOf, type KernelChain } from './kernel-chain.ts';
import { ModelError, type ModelManifest } from './manifest.ts';
import { BackendMissingError, isNotInstalled, own, type Predictor } from './predictor.ts';
import { inBrackets } from './runtime-words.ts';
import { readWebDocument, readWeights, type WebDocument } from './web-files.ts';

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
    throw new ModelError(
      `${file}: expected a model that TensorFlow.js can load, found one that it cannot${inBrackets(error)}`,
      { cause: error },
    );
  });
  const { width } = manifest;
  const predict: Predictor['predict'] = (features, rows) => {
    // Another model of this thread may be on another backend. This one has started before, so it is
    // set at once, without waiting.
    if (tf.getBackend() !== backend) void tf.setBackend(backend);
    const tensors = tf.tidy(() => run(tf.tensor2d(features.subarray(0, rows * width), [rows, width])));
    try {
      return tensors.map((tensor) => tensor.dataSync() as Float32Array);
    } finally {
      tf.dispose(tensors);
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
  run(input: Tensor): Tensor[];
  /** The same without what TensorFlow.js does around its kernels; null where it must do it. */
  readonly chain: KernelChain | null;
  dispose(): void;
}

async function loadRunner(
  tf: TensorFlow,
  backend: 'wasm' | 'cpu',
  file: string,
  { outputs, width }: ModelManifest,
  inputName: string | undefined,
): Promise<Runner> {
  const document = readWebDocument(file);
  if (document.format === 'graph-model') {
    const { loadGraphModel } = await import('@tensorflow/tfjs-converter');
    const model = await loadGraphModel(fromFolder(file, document));
    try {
      const nodes = nodesOf(file, model, document, inputName, outputs);
      return {
        run: (tensor) => [model.execute({ [nodes.input]: tensor }, [...nodes.outputs])].flat(),
        chain:
          backend === 'wasm'
            ? chainOf({ tf, backend, document, weights: model.weights, ...nodes, width })
            : null,
        dispose: () => model.dispose(),
      };
    } catch (error) {
      model.dispose();
      throw error;
    }
  }
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  const model: LayersModel = await loadLayersModel(fromFolder(file, document));
  if (model.outputs.length !== outputs.length) {
    model.dispose();
    throw new ModelError(`${file} has ${model.outputs.length} outputs, model.yaml names ${outputs.length}`);
  }
  return {
    run: (input) => [model.predict(input)].flat() as Tensor[],
    chain: null,
    dispose: () => void model.dispose(),
  };
}

/** The nodes of the graph that take the rows, and that give the outputs. */
function nodesOf(
  file: string,
  model: GraphModel,
  document: WebDocument,
  inputName: string | undefined,
  outputs: readonly string[],
): { readonly input: string; readonly outputs: readonly string[] } {
  const signature = (document.signature ?? {}) as {
    readonly inputs?: Record<string, { readonly name: string }>;
    readonly outputs?: Record<string, { readonly name: string }>;
  };
  const input =
    inputName === undefined ? model.inputs[0]?.name : (own(signature.inputs, inputName)?.name ?? inputName);
  if (input === undefined) throw new ModelError(`${file} has no input`);
  const names = outputs.map((name) => {
    const node = own(signature.outputs, name)?.name;
    if (node === undefined) {
      const known = Object.keys(signature.outputs ?? {}).join(', ');
      throw new ModelError(`${file} has no output "${name}"; it has: ${known || 'none in its signature'}`);
    }
    return node;
  });
  return { input, outputs: names };
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

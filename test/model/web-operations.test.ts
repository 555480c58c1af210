// A graph with operations that a backend of TensorFlow.js cannot run is refused before anything
// runs, with the name of each and the way out.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { readManifest } from '../../src/model/manifest.ts';
import { ModelError } from '../../src/model/model-error.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { MODEL_FOLDER } from '../support/model.ts';

/** The shipped model with other operations behind its last layer. */
function withOperations(...ops: readonly string[]): string {
  const folder = join(tempFolder('operations'), '1');
  cpSync(MODEL_FOLDER, folder, { recursive: true });
  const path = join(folder, 'model.json');
  const document = JSON.parse(readFileSync(path, 'utf8')) as Graph;
  const { node } = document.modelTopology;
  const last = node.pop() as GraphNode;
  let before = last.input?.[0] as string;
  for (const op of ops) {
    node.push({ name: `behind ${before}`, op, input: [before], attr: {} });
    before = `behind ${before}`;
  }
  node.push({ ...last, input: [before] }, { name: 'unused', op: 'Unheard', input: [before], attr: {} });
  writeFileSync(path, JSON.stringify(document));
  return folder;
}

interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: object;
}
interface Graph {
  readonly modelTopology: { readonly node: GraphNode[] };
}

test('all of them are named at once, with why they cannot run and what to do', async (t) => {
  const manifest = readManifest(withOperations('Fancier', 'Exit', 'Einsum', 'Fanciest'));
  const error = await t.throwsAsync(loadPredictor('wasm', manifest), { instanceOf: ModelError });
  t.regex(
    error.message,
    /model\.json: expected operations that the wasm backend can run, found Fancier, Fanciest, which TensorFlow\.js does not know; /,
  );
  t.regex(
    error.message,
    /; Exit, which TensorFlow\.js runs only asynchronously; Einsum, which its WASM backend lacks\. /,
  );
  t.regex(error.message, /"scorelane models import" of the Keras file or SavedModel unrolls loops/);
  t.notRegex(error.message, /Unheard/);
  const onCpu = await t.throwsAsync(loadPredictor('cpu', manifest), { instanceOf: ModelError });
  t.notRegex(onCpu.message, /lacks/);
});

// Whether the compiler accepts a mutant. A mutant that it refuses can never be in the code, so no
// test needs to notice it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type Mutant, withMutant } from './mutants.ts';

/**
 * Returns a function that asks the compiler about a mutant. The first answer takes some seconds,
 * each other one a fraction of a second.
 */
export function compilerFor(root: string): (mutant: Mutant) => boolean {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const changed = new Map<string, { readonly source: string; readonly version: number }>();
  let version = 0;
  const service = ts.createLanguageService({
    // A mutant may leave a name unused. That alone does not make it refused.
    getCompilationSettings: () => ({ ...options, noUnusedLocals: false, noUnusedParameters: false }),
    getScriptFileNames: () => fileNames.filter((name) => name.startsWith(join(root, 'src'))),
    getScriptVersion: (name) => String(changed.get(name)?.version ?? 0),
    getScriptSnapshot: (name) => {
      const text = changed.get(name)?.source ?? ts.sys.readFile(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    realpath: ts.sys.realpath as (path: string) => string,
  });
  return (mutant) => {
    const path = join(root, mutant.file);
    const source = readFileSync(path, 'utf8');
    changed.set(path, { source: withMutant(source, mutant), version: ++version });
    const refused =
      service.getSyntacticDiagnostics(path).length > 0 || service.getSemanticDiagnostics(path).length > 0;
    changed.set(path, { source, version: ++version });
    return !refused;
  };
}

// What is to be done next, so that the version that is wanted serves. Pure and idempotent: it knows
// nothing of what was done before, only what is there. The idea is that of TensorFlow Serving's
// aspired versions: https://www.tensorflow.org/tfx/serving/architecture

/**
 * loading: on its way to the threads. loaded: on all of them. refused: it was tried, and cannot
 * serve.
 */
export type VersionState = 'loading' | 'loaded' | 'refused';

export interface Aspired {
  /** The one that shall serve; null: whichever does. */
  readonly serving: string | null;
  /** Those that stay loaded besides: for an instant way back, or for trials on live records. */
  readonly loaded: ReadonlySet<string>;
}

export interface VersionsNow {
  readonly serving: string;
  readonly states: ReadonlyMap<string, VersionState>;
}

export type VersionAction = { readonly type: 'load' | 'serve' | 'unload'; readonly version: string };

/**
 * One action, or null when all is as it should be. One version is loaded at a time; to serve one
 * that is loaded waits for no other. The version that serves is never unloaded, so there is always
 * one that does.
 */
export function nextAction({ serving, loaded }: Aspired, now: VersionsNow): VersionAction | null {
  const states = [...now.states];
  const stateOf = (version: string): VersionState | undefined => now.states.get(version);
  const isOther = serving !== null && serving !== now.serving;
  if (isOther && stateOf(serving) === 'loaded') return { type: 'serve', version: serving };
  if (states.some(([, state]) => state === 'loading')) return null;
  if (isOther && stateOf(serving) === undefined) return { type: 'load', version: serving };
  for (const version of loaded) if (stateOf(version) === undefined) return { type: 'load', version };
  for (const [version, state] of states)
    if (state === 'loaded' && version !== now.serving && version !== serving && !loaded.has(version))
      return { type: 'unload', version };
  return null;
}

// How often a property is tried. The whole suite tries it as often as the test says; `npm run
// test:unit` a tenth as often, on other inputs each time, so that it ends while one waits.

const SHARE = Number(process.env.PROPERTY_RUNS_SHARE ?? 1);

/** What is counted over all runs of a property. */
export const inRuns = (count: number): number => Math.ceil(count * SHARE);

export const runs = (count: number): { readonly numRuns: number } => ({ numRuns: inRuns(count) });

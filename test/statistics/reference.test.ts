// Statistics are those of SciPy and scikit-learn on the same samples: exactly, or within the error
// that is stated where they come from sketches.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Random } from '../../src/load/random.ts';
import { binOf, cutsFor, distanceOfBins } from '../../src/statistics/bins.ts';
import { Calibration } from '../../src/statistics/calibration.ts';
import { countDecision, precision, recall } from '../../src/statistics/decisions.ts';
import { kolmogorovSmirnov } from '../../src/statistics/kolmogorov-smirnov.ts';
import { countsBetween, cutsOf, populationStability } from '../../src/statistics/population-stability.ts';
import {
  areaUnderRoc,
  averagePrecision,
  groupsOfSample,
  groupsOfSketches,
} from '../../src/statistics/ranking.ts';
import { Sketch } from '../../src/statistics/sketch.ts';
import { ensurePython } from '../../tools/python.ts';
import { run } from '../../tools/run.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

const SCRIPT = join(import.meta.dirname, '..', 'support', 'python', 'reference_statistics.py');
const SIZE = 4_000;

const sample = (size: number, draw: () => number): number[] => Array.from({ length: size }, draw);

/** By what they are: of both sides, a value. */
const PAIRS: Readonly<Record<string, (random: Random) => readonly [() => number, () => number]>> = {
  'two normal distributions': (random) => [() => random.normal(), () => 0.3 + 1.2 * random.normal()],
  'the same one twice': (random) => [() => random.normal(), () => random.normal()],
  'amounts over seven powers of ten': (random) => [
    () => Math.exp(4 * random.normal()),
    () => Math.exp(0.5 + 4 * random.normal()),
  ],
  'small whole numbers': (random) => [
    () => Math.floor(6 * random.next()),
    () => Math.floor(7 * random.next()),
  ],
  'mostly zero': (random) => [
    () => (random.next() < 0.8 ? 0 : random.normal()),
    () => (random.next() < 0.7 ? 0 : random.normal()),
  ],
};

interface Labelled {
  readonly scores: readonly number[];
  readonly labels: readonly boolean[];
}

const LABELLED: Readonly<Record<string, (random: Random) => Labelled>> = {
  'a good model of rare positives': (random) => labelled(random, 0.02, 2.5),
  'a bad model': (random) => labelled(random, 0.3, 0.1),
  'scores with many ties': (random) => {
    const { scores, labels } = labelled(random, 0.2, 1);
    return { scores: scores.map((score) => Math.round(score * 8) / 8), labels };
  },
};

/** Scores as a model's output layer gives them, in float32. */
function labelled(random: Random, share: number, apart: number): Labelled {
  const labels = Array.from({ length: SIZE }, () => random.next() < share);
  const scores = labels.map((label) =>
    Math.fround(1 / (1 + Math.exp(2 - random.normal() - (label ? apart : 0)))),
  );
  return { scores, labels };
}

const sketchOf = (values: readonly number[], bits?: number): Sketch => {
  const sketch = new Sketch(bits);
  for (const value of values) sketch.add(value);
  return sketch;
};

/** As they are recorded with a model. */
const chosenCuts = (values: readonly number[]): Float32Array => cutsFor(Float32Array.from(values).sort());

function countedIn(values: readonly number[], cuts: Float32Array): number[] {
  const counts = new Array<number>(cuts.length + 1).fill(0);
  for (const value of values) {
    const bin = binOf(cuts, 0, cuts.length, value);
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}

const random = new Random(17);
const pairs = Object.values(PAIRS).map((distributions) => {
  const [left, right] = distributions(random).map((draw) => sample(SIZE, () => Math.fround(draw())));
  return { left: left as number[], right: right as number[] };
});
const samples = Object.values(LABELLED).map((of) => of(random));

interface Reference {
  readonly pairs: readonly {
    readonly ks: number;
    readonly psi: number;
    /** Where shares below 0.0001 count as 0.0001. */
    readonly floored: number;
    readonly quantiles: readonly number[];
  }[];
  readonly labelled: readonly Record<'auc' | 'ap' | 'precision' | 'recall' | 'brier', number>[] &
    readonly { readonly shares: readonly number[]; readonly means: readonly number[] }[];
}
let reference: Reference;

test.before(async (t) => {
  t.timeout(120_000);
  const folder = tempFolder('statistics');
  const [given, found] = [join(folder, 'given.json'), join(folder, 'found.json')];
  const withCuts = [
    ...pairs.map((pair) => ({ ...pair, cuts: cutsOf(sketchOf(pair.left)) })),
    ...pairs.map((pair) => ({ ...pair, cuts: [...chosenCuts(pair.left)] })),
  ];
  writeFileSync(given, JSON.stringify({ pairs: withCuts, labelled: samples }));
  const { executable } = await ensurePython();
  await run(executable, ['-W', 'ignore', SCRIPT, given, found]);
  reference = JSON.parse(readFileSync(found, 'utf8'));
});

for (const [index, name] of Object.keys(PAIRS).entries()) {
  const of = () => {
    const { left, right } = pairs[index] as (typeof pairs)[number];
    return {
      left: sketchOf(left),
      right: sketchOf(right),
      scipy: reference.pairs[index] as Reference['pairs'][number],
    };
  };

  test(`Kolmogorov-Smirnov of sketches is SciPy's within its error: ${name}`, (t) => {
    const { left, right, scipy } = of();
    const { value, error } = kolmogorovSmirnov(left, right);
    t.true(
      value <= scipy.ks + 1e-12 && scipy.ks <= value + error + 1e-12,
      `${value} + ${error}, SciPy ${scipy.ks}`,
    );
    t.true(error < 0.02, `an error of ${error} would say little`);
  });

  test(`the population stability index is the sum of SciPy's relative entropies: ${name}`, (t) => {
    const { left, right, scipy } = of();
    const cuts = cutsOf(left);
    const found = populationStability(countsBetween(left, cuts), countsBetween(right, cuts));
    t.true(Math.abs(found - scipy.psi) < 1e-12, `${found}, SciPy ${scipy.psi}`);
  });

  test(`of counts in recorded bins, Kolmogorov-Smirnov is SciPy's within its error: ${name}`, (t) => {
    const { left, right } = pairs[index] as (typeof pairs)[number];
    const cuts = chosenCuts(left);
    t.true(cuts.length >= 6 && cuts.length <= 42, `${cuts.length} cuts`);
    const [expected, actual] = [countedIn(left, cuts), countedIn(right, cuts)];
    const { value, error } = distanceOfBins(cuts, expected, actual);
    const { ks } = of().scipy;
    t.true(value <= ks + 1e-9 && ks <= value + error + 1e-9, `${value} + ${error}, SciPy ${ks}`);
    t.true(error <= 0.06, `an error of ${error} is more than a bin has`);
  });

  test(`of counts in recorded bins, the stability index is the sum of SciPy's entropies: ${name}`, (t) => {
    const { left, right } = pairs[index] as (typeof pairs)[number];
    const cuts = chosenCuts(left);
    const found = populationStability(countedIn(left, cuts), countedIn(right, cuts));
    const { floored } = reference.pairs[pairs.length + index] as Reference['pairs'][number];
    t.true(Math.abs(found - floored) < 1e-9, `${found}, SciPy ${floored}`);
  });

  test(`quantiles of a sketch are NumPy's within its relative error: ${name}`, (t) => {
    const { left, scipy } = of();
    for (const [place, share] of [0.01, 0.5, 0.99].entries()) {
      const wanted = scipy.quantiles[place] as number;
      const found = left.quantile(share);
      t.true(
        Math.abs(found - wanted) <= left.relativeError * Math.abs(wanted) + 2 ** -126,
        `${found}, NumPy ${wanted}`,
      );
    }
  });
}

for (const [index, name] of Object.keys(LABELLED).entries()) {
  const { scores, labels } = samples[index] as Labelled;
  const scikit = () => reference.labelled[index] as Reference['labelled'][number];

  test(`AUC and average precision of a sample are scikit-learn's: ${name}`, (t) => {
    const groups = groupsOfSample(scores, labels);
    t.true(Math.abs(areaUnderRoc(groups).value - scikit().auc) < 1e-12);
    t.true(Math.abs(averagePrecision(groups).value - scikit().ap) < 1e-12);
  });

  for (const bits of [4, 8, 12])
    test(`those of sketches of ${bits} bits are scikit-learn's within their error: ${name}`, (t) => {
      const [positives, negatives] = [true, false].map((wanted) =>
        sketchOf(
          scores.filter((_, place) => labels[place] === wanted),
          bits,
        ),
      );
      const groups = groupsOfSketches(positives as Sketch, negatives as Sketch);
      const [auc, ap] = [areaUnderRoc(groups), averagePrecision(groups)];
      t.true(
        Math.abs(auc.value - scikit().auc) <= auc.error + 1e-12,
        `${auc.value}, scikit-learn ${scikit().auc}`,
      );
      t.true(
        Math.abs(ap.value - scikit().ap) <= ap.error + 1e-12,
        `${ap.value}, scikit-learn ${scikit().ap}`,
      );
      const isTied = name.includes('ties');
      if (bits === 12 && !isTied)
        t.true(auc.error < 0.002 && ap.error < 0.02, `${auc.error} and ${ap.error} say little`);
    });

  test(`precision, recall and calibration are scikit-learn's: ${name}`, (t) => {
    const counts = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
    const calibration = new Calibration();
    for (const [place, score] of scores.entries()) {
      countDecision(counts, score >= 0.5, labels[place] as boolean);
      calibration.add(score, labels[place] as boolean);
    }
    t.is(precision(counts), scikit().precision);
    t.is(recall(counts), scikit().recall);
    t.true(Math.abs(calibration.brierScore - scikit().brier) < 1e-12);
    const used = calibration.bins().filter(({ count }) => count > 0);
    t.is(used.length, scikit().shares.length);
    for (const [bin, { meanScore, positiveShare }] of used.entries()) {
      t.true(Math.abs(meanScore - (scikit().means[bin] as number)) < 1e-12);
      t.true(Math.abs(positiveShare - (scikit().shares[bin] as number)) < 1e-12);
    }
  });
}

// Two sketches side by side, as comparisons of distributions need them.

import type { Sketch } from './sketch.ts';

interface BothCounts {
  readonly from: number;
  readonly isPoint: boolean;
  readonly leftCount: number;
  readonly rightCount: number;
}

/** In ascending order, the buckets in which one of both has values. */
export function* bothBuckets(left: Sketch, right: Sketch): Generator<BothCounts> {
  if (left.bits !== right.bits)
    throw new RangeError(`sketches of ${left.bits} and ${right.bits} bits cannot be compared`);
  const [lefts, rights] = [left.buckets(), right.buckets()];
  let [one, other] = [lefts.next(), rights.next()];
  while (one.done !== true || other.done !== true) {
    const oneFrom = one.done === true ? Number.POSITIVE_INFINITY : one.value.from;
    const otherFrom = other.done === true ? Number.POSITIVE_INFINITY : other.value.from;
    const from = Math.min(oneFrom, otherFrom);
    const isLeft = one.done !== true && oneFrom === from;
    const isRight = other.done !== true && otherFrom === from;
    yield {
      from,
      isPoint: (isLeft ? one : other).value?.isPoint ?? false,
      leftCount: isLeft ? one.value.count : 0,
      rightCount: isRight ? other.value.count : 0,
    };
    if (isLeft) one = lefts.next();
    if (isRight) other = rights.next();
  }
}

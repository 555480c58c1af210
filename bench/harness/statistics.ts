// Means and slopes of what was measured.

export const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

export interface Slope {
  /** Units of y for one unit of x. */
  readonly slope: number;
  /** Its standard error. */
  readonly error: number;
}

/**
 * The least-squares slope of y over x. Its standard error is widened for residuals that follow each
 * other, as those of a memory curve do: by sqrt((1 + r) / (1 - r)), r being their lag-1
 * autocorrelation (the effective sample size of an AR(1) process; Bayley and Hammersley, 1946).
 */
export function slopeOf(x: readonly number[], y: readonly number[]): Slope {
  const meanX = mean(x);
  const meanY = mean(y);
  let squares = 0;
  let products = 0;
  x.forEach((value, index) => {
    squares += (value - meanX) ** 2;
    products += (value - meanX) * ((y[index] as number) - meanY);
  });
  const slope = products / squares;
  const residuals = y.map((value, index) => value - meanY - slope * ((x[index] as number) - meanX));
  const total = residuals.reduce((sum, each) => sum + each * each, 0);
  const lagged = residuals.reduce((sum, each, index) => sum + each * (residuals[index - 1] ?? 0), 0);
  const correlation = total === 0 ? 0 : Math.min(0.99, Math.max(0, lagged / total));
  const error = Math.sqrt(total / Math.max(1, x.length - 2) / squares);
  return { slope, error: error * Math.sqrt((1 + correlation) / (1 - correlation)) };
}

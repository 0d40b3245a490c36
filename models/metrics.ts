/**
 * How good claims of a probability are, against what then was. Claims beside labels of 0 and 1;
 * NaN where there is nothing to measure. Equal claims count as equals: their order proves nothing.
 */
type Claims = ArrayLike<number>;
type Labels = ArrayLike<number>;

/** The chance that a positive is claimed higher than a negative, a tie counting half. */
export function rocAuc(claims: Claims, labels: Labels): number {
  let above = 0;
  let before = 0;
  forEachTie(claims, labels, (positive, negative) => {
    above += negative * (before + positive / 2);
    before += positive;
  });
  return above / (before * (labels.length - before));
}

/**
 * Area under precision over recall, as the sum over steps of recall of the precision at their end
 * (average precision, without interpolation). That of claims by chance is the base rate.
 */
export function averagePrecision(claims: Claims, labels: Labels): number {
  let hits = 0;
  let seen = 0;
  let sum = 0;
  forEachTie(claims, labels, (positive, negative) => {
    hits += positive;
    seen += positive + negative;
    sum += positive * hits / seen;
  });
  return sum / hits;
}

/** Of claims at or above one, how many are right, and how many of the positives they are. */
export interface CurvePoint {
  readonly recall: number;
  readonly precision: number;
}

/** Precision over recall, by rising recall, in about so many steps; for people to look at. */
export function precisionRecall(claims: Claims, labels: Labels, steps = 50): CurvePoint[] {
  const points: CurvePoint[] = [];
  const positives = baseRate(labels) * labels.length;
  let hits = 0;
  let seen = 0;
  forEachTie(claims, labels, (positive, negative) => {
    hits += positive;
    seen += positive + negative;
    const last = points.at(-1)?.recall ?? 0;
    const recall = hits / positives;
    const isNext = recall - last >= 1 / steps || (hits === positives && positive > 0);
    if (isNext) points.push({ recall, precision: hits / seen });
  });
  return points;
}

/** Calls back for each group of equal claims, the highest first. */
function forEachTie(
  claims: Claims,
  labels: Labels,
  visit: (positive: number, negative: number) => void,
): void {
  const order = Uint32Array.from({ length: claims.length }, (_, i) => i)
    .sort((a, b) => (claims[b] as number) - (claims[a] as number));
  for (let i = 0; i < order.length;) {
    const claim = claims[order[i] as number];
    let positive = 0;
    const start = i;
    for (; i < order.length && claims[order[i] as number] === claim; i++) {
      positive += labels[order[i] as number] as number;
    }
    visit(positive, i - start - positive);
  }
}

export function baseRate(labels: Labels): number {
  let positive = 0;
  for (let i = 0; i < labels.length; i++) positive += labels[i] as number;
  return positive / labels.length;
}

/** Mean squared difference of probability and outcome. */
export function brier(probabilities: Claims, labels: Labels): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    sum += ((probabilities[i] as number) - (labels[i] as number)) ** 2;
  }
  return sum / labels.length;
}

/** Mean of −ln of the probability given to what happened, which counts as 10⁻¹⁵ at least. */
export function logLoss(probabilities: Claims, labels: Labels): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const probability = probabilities[i] as number;
    sum -= Math.log(Math.max(1e-15, labels[i] === 1 ? probability : 1 - probability));
  }
  return sum / labels.length;
}

/** Claims in [from, to), the last bin's end included: what was said, and how often it was so. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** NaN in an empty bin. */
  readonly claimed: number;
  readonly happened: number;
}

/** Bins of equal width. */
export function reliability(probabilities: Claims, labels: Labels, bins = 10): ReliabilityBin[] {
  const counts = new Float64Array(bins);
  const claimed = new Float64Array(bins);
  const happened = new Float64Array(bins);
  for (let i = 0; i < labels.length; i++) {
    const probability = probabilities[i] as number;
    const bin = Math.min(bins - 1, Math.floor(probability * bins));
    counts[bin] = (counts[bin] as number) + 1;
    claimed[bin] = (claimed[bin] as number) + probability;
    happened[bin] = (happened[bin] as number) + (labels[i] as number);
  }
  return Array.from(counts, (count, bin) => ({
    from: bin / bins,
    to: (bin + 1) / bins,
    count,
    claimed: (claimed[bin] as number) / count,
    happened: (happened[bin] as number) / count,
  }));
}

/** Expected calibration error: how far claims are from what happened, by bin, by how many there are. */
export function calibrationError(probabilities: Claims, labels: Labels, bins = 10): number {
  return reliability(probabilities, labels, bins)
    .filter(({ count }) => count > 0)
    .reduce((sum, { count, claimed, happened }) => sum + count * Math.abs(claimed - happened), 0) /
    labels.length;
}

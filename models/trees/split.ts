/**
 * What a split is worth, and the best of a node.
 *
 * With G and H the sums of first and second derivatives over the rows of a node, and T(G) the
 * soft threshold of G by L1, the best weight of a leaf is −T(G) / (H + L2) and its score
 * T(G)² / (H + L2); a split gains the scores of its sides less that of the node (Chen and Guestrin,
 * "XGBoost: A Scalable Tree Boosting System", 2016, equations 5 to 7; without their factor ½, as
 * their code leaves it out).
 */
import { type Bins, MISSING } from "./bins.ts";
import { blockOf } from "./histogram.ts";
import type { TreeParameters } from "./parameters.ts";

/** Sums of first and second derivatives. */
export interface Sums {
  readonly g: number;
  readonly h: number;
}

/** What monotone constraints further up leave for a leaf's weight. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

export const UNBOUNDED: Bounds = { low: -Infinity, high: Infinity };

export interface Split {
  readonly column: number;
  /** Bins up to this one go left. */
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly gain: number;
  readonly left: Sums;
  readonly right: Sums;
}

type Penalties = Pick<TreeParameters, "l1" | "l2" | "childWeightMin" | "monotone">;

/** Less is what rounding makes. XGBoost's kRtEps. */
const GAIN_EPSILON = 1e-6;

export function leafWeight(
  { g, h }: Sums,
  { l1, l2 }: Penalties,
  { low, high }: Bounds = UNBOUNDED,
): number {
  if (h + l2 <= 0) return 0;
  return Math.min(high, Math.max(low, -softThreshold(g, l1) / (h + l2)));
}

/** What a leaf of this weight takes off the loss, twice; at the best weight T(G)² / (H + L2). */
function scoreOf(sums: Sums, penalties: Penalties, bounds: Bounds): number {
  const { g, h } = sums;
  const { l1, l2 } = penalties;
  if (bounds === UNBOUNDED) {
    const pull = softThreshold(g, l1);
    return h + l2 <= 0 ? 0 : pull * pull / (h + l2);
  }
  const weight = leafWeight(sums, penalties, bounds);
  return -(2 * g * weight + (h + l2) * weight * weight + 2 * l1 * Math.abs(weight));
}

function softThreshold(g: number, l1: number): number {
  if (g > l1) return g - l1;
  return g < -l1 ? g + l1 : 0;
}

/** Undefined where nothing gains. Of equals the first column, and the lowest bin, is taken. */
export function bestSplit(
  histogram: Float64Array,
  bins: Bins,
  columns: Int32Array,
  node: Sums,
  penalties: Penalties,
  bounds: Bounds,
): Split | undefined {
  const score = scoreOf(node, penalties, bounds);
  let best: Split | undefined;
  for (const column of columns) {
    const block = blockOf(histogram, column);
    const binCount = (bins.cuts[column] as Float32Array).length;
    const direction = penalties.monotone?.[column] ?? 0;
    const found = direction === 0 && bounds === UNBOUNDED
      ? bestOfColumn(block, binCount, node, penalties, score)
      : bestBoundedOfColumn(block, binCount, node, penalties, score, bounds, direction);
    if (found && found.gain > (best?.gain ?? GAIN_EPSILON)) best = { column, ...found };
  }
  return best;
}

type ColumnSplit = Omit<Split, "column">;

/** The usual case, written out: this is run for every bin of every column of every node. */
function bestOfColumn(
  block: Float64Array,
  binCount: number,
  { g, h }: Sums,
  { l1, l2, childWeightMin }: Penalties,
  score: number,
): ColumnSplit | undefined {
  const missingG = block[2 * MISSING] as number;
  const missingH = block[2 * MISSING + 1] as number;
  const anyMissing = isPresent(missingG, missingH);
  let bestGain = GAIN_EPSILON;
  let bestBin = -1;
  let bestLeft = false;
  let bestG = 0;
  let bestH = 0;
  // Where values are missing, "all that are there" against "missing" is a split, too.
  const ends = anyMissing ? binCount : binCount - 1;
  let leftG = 0;
  let leftH = 0;
  for (let bin = 0; bin < ends; bin++) {
    leftG += block[2 * bin] as number;
    leftH += block[2 * bin + 1] as number;
    for (let side = 0; side < (anyMissing && bin < binCount - 1 ? 2 : 1); side++) {
      const sideG = side === 0 ? leftG : leftG + missingG;
      const sideH = side === 0 ? leftH : leftH + missingH;
      if (sideH < childWeightMin || h - sideH < childWeightMin) continue;
      const otherG = g - sideG;
      const pull = sideG > l1 ? sideG - l1 : sideG < -l1 ? sideG + l1 : 0;
      const otherPull = otherG > l1 ? otherG - l1 : otherG < -l1 ? otherG + l1 : 0;
      const gain = pull * pull / (sideH + l2) + otherPull * otherPull / (h - sideH + l2) - score;
      if (!(gain > bestGain)) continue;
      bestGain = gain;
      bestBin = bin;
      bestLeft = side === 1;
      bestG = sideG;
      bestH = sideH;
    }
  }
  if (bestBin === -1) return undefined;
  return {
    bin: bestBin,
    // Of what was never missing while learning, most went this way.
    missingLeft: anyMissing ? bestLeft : bestH >= h - bestH,
    gain: bestGain,
    left: { g: bestG, h: bestH },
    right: { g: g - bestG, h: h - bestH },
  };
}

/** The same under constraints: weights are cut to their bounds, and order is kept. */
function bestBoundedOfColumn(
  block: Float64Array,
  binCount: number,
  node: Sums,
  penalties: Penalties,
  score: number,
  bounds: Bounds,
  direction: -1 | 0 | 1,
): ColumnSplit | undefined {
  const missing = { g: block[2 * MISSING] as number, h: block[2 * MISSING + 1] as number };
  const anyMissing = isPresent(missing.g, missing.h);
  let best: ColumnSplit | undefined;
  let g = 0;
  let h = 0;
  for (let bin = 0; bin < (anyMissing ? binCount : binCount - 1); bin++) {
    g += block[2 * bin] as number;
    h += block[2 * bin + 1] as number;
    for (const withMissing of anyMissing && bin < binCount - 1 ? [false, true] : [false]) {
      const left = withMissing ? { g: g + missing.g, h: h + missing.h } : { g, h };
      const right = { g: node.g - left.g, h: node.h - left.h };
      if (Math.min(left.h, right.h) < penalties.childWeightMin) continue;
      const rise = leafWeight(right, penalties, bounds) - leafWeight(left, penalties, bounds);
      if (rise * direction < 0) continue;
      const gain = scoreOf(left, penalties, bounds) + scoreOf(right, penalties, bounds) - score;
      if (gain > (best?.gain ?? GAIN_EPSILON)) {
        const missingLeft = anyMissing ? withMissing : left.h >= right.h;
        best = { bin, missingLeft, gain, left, right };
      }
    }
  }
  return best;
}

/** Subtraction leaves crumbs where nothing is. */
function isPresent(g: number, h: number): boolean {
  return h > 1e-9 || Math.abs(g) > 1e-9;
}

/** What the sides of a split on a constrained column leave each other: nothing past the middle. */
export function boundsOfSides(
  { column, left, right }: Split,
  penalties: Penalties,
  bounds: Bounds,
): readonly [left: Bounds, right: Bounds] {
  const direction = penalties.monotone?.[column] ?? 0;
  if (direction === 0) return [bounds, bounds];
  const weights = leafWeight(left, penalties, bounds) + leafWeight(right, penalties, bounds);
  const below = { low: bounds.low, high: weights / 2 };
  const above = { low: weights / 2, high: bounds.high };
  return direction === 1 ? [below, above] : [above, below];
}

/**
 * Makes probabilities of log-odds: a model that ranks well may still claim too much or too little.
 *
 * Fitted on rows the model has not learned from.
 */

export type Calibration =
  /** The log-odds are believed as they are. */
  | { readonly kind: "none" }
  /** 1 / (1 + exp(−(slope · margin + offset))). */
  | { readonly kind: "platt"; readonly slope: number; readonly offset: number }
  /** Probabilities at margins, both ascending, straight lines between them and level beyond. */
  | {
    readonly kind: "isotonic";
    readonly margins: readonly number[];
    readonly probabilities: readonly number[];
  };

export function probabilityOf(margin: number, calibration: Calibration): number {
  if (calibration.kind === "none") return sigmoid(margin);
  if (calibration.kind === "platt") {
    return sigmoid(calibration.slope * margin + calibration.offset);
  }
  return interpolate(margin, calibration.margins, calibration.probabilities);
}

export function sigmoid(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

function interpolate(x: number, xs: readonly number[], ys: readonly number[]): number {
  let low = -1;
  let high = xs.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((xs[middle] as number) <= x) low = middle;
    else high = middle;
  }
  if (low === -1) return ys[0] as number;
  if (high === xs.length) return ys[low] as number;
  const [x0, x1] = [xs[low] as number, xs[high] as number];
  const [y0, y1] = [ys[low] as number, ys[high] as number];
  return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}

const NEWTON_STEPS_MAX = 100;

/**
 * A logistic curve through the outcomes, by Newton's method with step halving (Lin, Lin and Weng,
 * "A note on Platt's probabilistic outputs", 2007). Targets are drawn in from 0 and 1 as Platt
 * does, so that few rows claim no certainty.
 */
export function fitPlatt(margins: ArrayLike<number>, labels: Uint8Array): Calibration {
  const positive = labels.reduce((sum, label) => sum + label, 0);
  const negative = labels.length - positive;
  const [high, low] = [(positive + 1) / (positive + 2), 1 / (negative + 2)];
  let slope = 0;
  let offset = Math.log((positive + 1) / (negative + 1));
  let loss = lossOf(slope, offset);
  for (let step = 0; step < NEWTON_STEPS_MAX; step++) {
    const { towards, gradient } = newtonStep();
    if (Math.max(...gradient.map(Math.abs)) < 1e-9 * labels.length) break;
    let size = 1;
    let next = lossOf(slope + towards[0], offset + towards[1]);
    while (!(next <= loss) && size > 1e-10) {
      size /= 2;
      next = lossOf(slope + size * towards[0], offset + size * towards[1]);
    }
    if (!(next <= loss)) break;
    slope += size * towards[0];
    offset += size * towards[1];
    loss = next;
  }
  return { kind: "platt", slope, offset };

  function lossOf(slope: number, offset: number): number {
    let sum = 0;
    for (let i = 0; i < labels.length; i++) {
      const logOdds = slope * (margins[i] as number) + offset;
      const target = labels[i] === 1 ? high : low;
      // −t ln p − (1 − t) ln (1 − p), without the exponential of a large number.
      sum += Math.max(logOdds, 0) - target * logOdds + Math.log1p(Math.exp(-Math.abs(logOdds)));
    }
    return sum;
  }

  function newtonStep(): { towards: [number, number]; gradient: [number, number] } {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-12, 0, 1e-12];
    for (let i = 0; i < labels.length; i++) {
      const margin = margins[i] as number;
      const p = sigmoid(slope * margin + offset);
      const error = p - (labels[i] === 1 ? high : low);
      const weight = p * (1 - p);
      g0 += error * margin;
      g1 += error;
      h00 += weight * margin * margin;
      h01 += weight * margin;
      h11 += weight;
    }
    const determinant = h00 * h11 - h01 * h01;
    return {
      towards: [-(h11 * g0 - h01 * g1) / determinant, -(h00 * g1 - h01 * g0) / determinant],
      gradient: [g0, g1],
    };
  }
}

/** Blocks lighter than this claim a certainty they do not have. */
const BLOCK_ROWS_MIN = 20;

interface Block {
  margin: number;
  positive: number;
  count: number;
}

/**
 * The ascending steps nearest to the outcomes (pool adjacent violators), joined by straight lines
 * between the mean margins of neighbours, so that more risk is never said to be the same by much.
 * Probabilities are those of (positives + ½) / (rows + 1): nothing is certain.
 */
export function fitIsotonic(margins: ArrayLike<number>, labels: Uint8Array): Calibration {
  const order = Uint32Array.from({ length: labels.length }, (_, i) => i)
    .sort((a, b) => (margins[a] as number) - (margins[b] as number));
  const blocks: Block[] = [];
  let gathering: Block = { margin: 0, positive: 0, count: 0 };
  order.forEach((row, i) => {
    const margin = margins[row] as number;
    gathering.margin += margin;
    gathering.positive += labels[row] as number;
    gathering.count++;
    const tied = i + 1 < order.length && margins[order[i + 1] as number] === margin;
    if (tied || gathering.count < BLOCK_ROWS_MIN) return;
    blocks.push(gathering);
    pool(blocks);
    gathering = { margin: 0, positive: 0, count: 0 };
  });
  if (gathering.count > 0) {
    const last = blocks.pop();
    blocks.push(last ? together(last, gathering) : gathering);
    pool(blocks);
  }
  return {
    kind: "isotonic",
    margins: blocks.map(({ margin, count }) => margin / count),
    probabilities: blocks.map(levelOf),
  };
}

/** Until the last block is above the one before it. */
function pool(blocks: Block[]): void {
  for (;;) {
    const last = blocks.at(-1);
    const before = blocks.at(-2);
    if (!last || !before || levelOf(before) < levelOf(last)) return;
    blocks.splice(-2, 2, together(before, last));
  }
}

function together(a: Block, b: Block): Block {
  return {
    margin: a.margin + b.margin,
    positive: a.positive + b.positive,
    count: a.count + b.count,
  };
}

function levelOf({ positive, count }: Block): number {
  return (positive + 0.5) / (count + 1);
}

/**
 * What each feature adds to a row's log-odds, exactly: Shapley values of the trees by their paths.
 *
 * A feature's value is the mean, over all orders in which features can become known, of what
 * knowing it changes; of a feature not yet known both ways down are taken, by the cover of the
 * children (Lundberg, Erion and Lee, "Consistent Individualized Feature Attribution for Tree
 * Ensembles", 2018, algorithm 2). The values and `expected` sum to the row's margin.
 */
import { finish, type Steps } from "../steps.ts";
import type { Forest } from "./forest.ts";

export interface Contributions {
  /** The margin when nothing is known of a row. */
  readonly expected: number;
  /** Per column. */
  readonly values: Float64Array;
}

const NO_COLUMN = -1;

/** The features met on the way down, from place 0, which stands for none. */
export interface Path {
  readonly column: Int32Array;
  /** Share of the orders in which an unknown feature lets one pass, and whether a known one does. */
  readonly zero: Float64Array;
  readonly one: Float64Array;
  /** Weight of the sets of known features, by their size. */
  readonly weight: Float64Array;
}

/** `row` is one row of features. */
export function contributionsOf(forest: Forest, row: Float32Array): Contributions {
  return { expected: expectedOf(forest), values: finish(contributing(forest, row)) };
}

/** What each column contributes, a tree a step. */
export function* contributing(forest: Forest, row: Float32Array): Steps<Float64Array> {
  const values = new Float64Array(forest.columns);
  const path = pathFor(Math.max(0, ...forest.depths));
  for (const root of forest.roots) {
    descend({ forest, row, path, values }, root, 0, 0, 1, 1, NO_COLUMN);
    yield;
  }
  return values;
}

/** The mean margin over the rows the trees were grown on. */
export function expectedOf(forest: Forest): number {
  return forest.roots.reduce((sum, root) => sum + expectationOf(forest, root), forest.base);
}

/**
 * What a leaf of weight 1 gives each of the features of its path, by the share of the orders that
 * lets one pass when the feature is unknown, and whether (1 or 0) it does when known. The path is
 * room to work in, for as many features at least.
 */
export function shareOfLeaf(
  path: Path,
  zero: readonly number[],
  one: readonly number[],
): number[] {
  extend(path, 0, 0, 1, 1, NO_COLUMN);
  zero.forEach((share, i) => extend(path, 0, i + 1, share, one[i] as number, i));
  return zero.map((share, i) =>
    unwoundSum(path, 0, zero.length, i + 1) * ((one[i] as number) - share)
  );
}

/** The mean of a tree over the rows it was grown on, by cover. */
function expectationOf(forest: Forest, node: number): number {
  const { column, child, cover, weight } = forest;
  if ((column[node] as number) < 0) return weight[node] as number;
  const left = child[node] as number;
  const [a, b] = [cover[left] as number, cover[left + 1] as number];
  return (a * expectationOf(forest, left) + b * expectationOf(forest, left + 1)) / (a + b);
}

/** A path grows by one per level, and every level has its own copy, one after the other. */
export function pathFor(depth: number): Path {
  const places = (depth + 2) * (depth + 3);
  return {
    column: new Int32Array(places),
    zero: new Float64Array(places),
    one: new Float64Array(places),
    weight: new Float64Array(places),
  };
}

interface Walk {
  readonly forest: Forest;
  readonly row: Float32Array;
  readonly path: Path;
  readonly values: Float64Array;
}

/**
 * `from` is where the path of the level above starts, of `length` entries; `via` the column asked
 * about there, which lets this share of the orders by when it is unknown, and when it is known.
 */
function descend(
  walk: Walk,
  node: number,
  from: number,
  length: number,
  zero: number,
  one: number,
  via: number,
): void {
  const { forest, row, path, values } = walk;
  const start = from + length;
  copy(path, from, start, length);
  extend(path, start, length, zero, one, via);
  const asked = forest.column[node] as number;
  if (asked < 0) {
    addLeaf(path, start, length, forest.weight[node] as number, values);
    return;
  }
  const left = forest.child[node] as number;
  const hot = goesLeft(forest, node, row[asked] as number) ? left : left + 1;
  const cold = hot === left ? left + 1 : left;
  // A feature met before is taken out and put in again, with both conditions.
  let met = 1;
  while (met <= length && path.column[start + met] !== asked) met++;
  let known = length;
  let [zeroBefore, oneBefore] = [1, 1];
  if (met <= length) {
    zeroBefore = path.zero[start + met] as number;
    oneBefore = path.one[start + met] as number;
    unwind(path, start, length, met);
    known--;
  }
  const covers = (forest.cover[left] as number) + (forest.cover[left + 1] as number);
  const shareOf = (side: number) => zeroBefore * (forest.cover[side] as number) / covers;
  descend(walk, hot, start, known + 1, shareOf(hot), oneBefore, asked);
  descend(walk, cold, start, known + 1, shareOf(cold), 0, asked);
}

function goesLeft({ threshold, missingLeft }: Forest, node: number, value: number): boolean {
  if (Number.isNaN(value)) return missingLeft[node] === 1;
  return value <= (threshold[node] as number);
}

/** Each feature of the path gets its share of what the leaf says. */
function addLeaf(
  path: Path,
  start: number,
  length: number,
  said: number,
  values: Float64Array,
): void {
  for (let i = 1; i <= length; i++) {
    const column = path.column[start + i] as number;
    const change = (path.one[start + i] as number) - (path.zero[start + i] as number);
    const share = unwoundSum(path, start, length, i) * change;
    values[column] = (values[column] as number) + share * said;
  }
}

function copy({ column, zero, one, weight }: Path, from: number, to: number, length: number): void {
  for (const part of [column, zero, one, weight]) part.copyWithin(to, from, from + length);
}

/** Puts one more feature at place `length`. */
function extend(
  path: Path,
  start: number,
  length: number,
  zero: number,
  one: number,
  column: number,
): void {
  const { weight } = path;
  path.column[start + length] = column;
  path.zero[start + length] = zero;
  path.one[start + length] = one;
  weight[start + length] = length === 0 ? 1 : 0;
  for (let i = length - 1; i >= 0; i--) {
    const own = weight[start + i] as number;
    weight[start + i + 1] = (weight[start + i + 1] as number) + one * own * (i + 1) / (length + 1);
    weight[start + i] = zero * own * (length - i) / (length + 1);
  }
}

/** Takes the feature at this place out again. */
function unwind(path: Path, start: number, length: number, place: number): void {
  const { column, zero, one, weight } = path;
  const [own, other] = [one[start + place] as number, zero[start + place] as number];
  let next = weight[start + length] as number;
  for (let i = length - 1; i >= 0; i--) {
    const before = weight[start + i] as number;
    if (own !== 0) {
      weight[start + i] = next * (length + 1) / ((i + 1) * own);
      next = before - (weight[start + i] as number) * other * (length - i) / (length + 1);
    } else {
      weight[start + i] = before * (length + 1) / (other * (length - i));
    }
  }
  for (const part of [column, zero, one]) {
    part.copyWithin(start + place, start + place + 1, start + length + 1);
  }
}

/** The sum of the weights as they would be without the feature at this place. */
function unwoundSum({ zero, one, weight }: Path, start: number, length: number, place: number) {
  const [own, other] = [one[start + place] as number, zero[start + place] as number];
  let next = weight[start + length] as number;
  let sum = 0;
  for (let i = length - 1; i >= 0; i--) {
    const before = weight[start + i] as number;
    if (own !== 0) {
      const without = next * (length + 1) / ((i + 1) * own);
      sum += without;
      next = before - without * other * (length - i) / (length + 1);
    } else {
      sum += before / (other * (length - i) / (length + 1));
    }
  }
  return sum;
}

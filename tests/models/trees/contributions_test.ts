import assert from "node:assert/strict";
import { contributionsOf } from "../../../models/trees/contributions.ts";
import { createExplainer } from "../../../models/trees/explainer.ts";
import { type Forest, scoreMargins } from "../../../models/trees/forest.ts";
import { DEFAULTS } from "../../../models/trees/parameters.ts";
import { growForest } from "../../../models/trees/train.ts";
import { crossed, examplesOf } from "./examples.ts";

/** What the trees say when only these columns are known: both ways down, by cover. */
function answerKnowing(forest: Forest, row: Float32Array, known: ReadonlySet<number>): number {
  const { base, roots, column, threshold, missingLeft, child, weight, cover } = forest;
  const below = (node: number): number => {
    const asked = column[node] as number;
    if (asked < 0) return weight[node] as number;
    const left = child[node] as number;
    if (known.has(asked)) {
      const value = row[asked] as number;
      const goesLeft = Number.isNaN(value)
        ? missingLeft[node] === 1
        : value <= (threshold[node] as number);
      return below(goesLeft ? left : left + 1);
    }
    const [a, b] = [cover[left] as number, cover[left + 1] as number];
    return (a * below(left) + b * below(left + 1)) / (a + b);
  };
  return roots.reduce((sum, root) => sum + below(root), base);
}

/** The definition: over all sets of other columns, what knowing this one changes, by their weight. */
function shapleyOf(forest: Forest, row: Float32Array, column: number): number {
  const { columns } = forest;
  const factorial = (n: number): number => n <= 1 ? 1 : n * factorial(n - 1);
  let sum = 0;
  for (let set = 0; set < 1 << columns; set++) {
    if (set & 1 << column) continue;
    const known = new Set(Array.from({ length: columns }, (_, i) => i).filter((i) => set & 1 << i));
    const share = factorial(known.size) * factorial(columns - known.size - 1) / factorial(columns);
    const before = answerKnowing(forest, row, known);
    sum += share * (answerKnowing(forest, row, known.add(column)) - before);
  }
  return sum;
}

Deno.test("contributions are the Shapley values of the definition, and sum to the margin", () => {
  // Deeper than there are columns, so that a path meets a column more than once.
  for (const [columns, depth] of [[3, 6], [5, 4], [2, 5]] as const) {
    const examples = examplesOf(800, columns, crossed, { noise: 0.15, missing: 0.15 });
    const { forest } = growForest(examples, { ...DEFAULTS, trees: 8, depth, childWeightMin: 0.1 });
    const margins = scoreMargins(forest, examples.features);
    for (let i = 0; i < 25; i++) {
      const row = examples.features.values.subarray(i * columns, (i + 1) * columns);
      const { expected, values } = contributionsOf(forest, row);
      values.forEach((value, column) => {
        assert.ok(Math.abs(value - shapleyOf(forest, row, column)) < 1e-9, `${columns}, ${column}`);
      });
      const sum = values.reduce((sum, value) => sum + value, expected);
      assert.ok(Math.abs(sum - (margins[i] as number)) < 1e-5);
    }
  }
});

Deno.test("a column that no tree asks about contributes nothing", () => {
  const examples = examplesOf(500, 3, (row) => (row[2] as number) > 0.5);
  const { forest } = growForest(examples, { ...DEFAULTS, trees: 1, depth: 1 });
  const { values } = contributionsOf(forest, Float32Array.of(0.1, 0.9, 0.7));
  assert.deepEqual([values[0], values[1]], [0, 0]);
  assert.ok((values[2] as number) > 0);
});

Deno.test("an explainer answers from its tables what the paths say", () => {
  const examples = examplesOf(800, 6, crossed, { noise: 0.2, missing: 0.15 });
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-5, `${a} and ${b}`);
  for (const depth of [1, 5, 9]) {
    const { forest } = growForest(examples, { ...DEFAULTS, trees: 6, depth, childWeightMin: 0.1 });
    const { explain } = createExplainer(forest);
    for (let i = 0; i < 50; i++) {
      const row = examples.features.values.subarray(i * 6, (i + 1) * 6);
      const [told, walked] = [explain(row), contributionsOf(forest, row)];
      near(told.expected, walked.expected);
      told.values.forEach((value, column) => near(value, walked.values[column] as number));
    }
  }
});

Deno.test("trees too deep for tables are explained all the same", () => {
  const examples = examplesOf(4_000, 30, crossed, { noise: 0.5 });
  const { forest } = growForest(examples, {
    ...DEFAULTS,
    trees: 1,
    depth: 16,
    childWeightMin: 0.1,
  });
  const { explain } = createExplainer(forest);
  const row = examples.features.values.subarray(0, 30);
  assert.deepEqual(explain(row), contributionsOf(forest, row));
});

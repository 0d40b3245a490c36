/**
 * The same contributions for many rows: what a leaf gives each feature of its path depends on the
 * row only through which of those features let it pass, so all answers are worked out beforehand
 * (Yang, "Fast TreeSHAP: Accelerating SHAP Value Computation for Trees", 2021, version 2).
 *
 * A row then costs a look at every question and a lookup per leaf, a fraction of walking the
 * paths. The tables grow with 2 to the power of the depth: trees too deep for that walk.
 */
import {
  type Contributions,
  contributionsOf,
  expectedOf,
  pathFor,
  shareOfLeaf,
} from "./contributions.ts";
import type { Forest } from "./forest.ts";

export interface Explainer {
  /** `row` is one row of features. */
  explain(row: Float32Array): Contributions;
}

/** 32 MB of floats. */
const ENTRIES_MAX = 8_000_000;

export function createExplainer(forest: Forest): Explainer {
  const leaves = leavesOf(forest);
  if (leaves === undefined) return { explain: (row) => contributionsOf(forest, row) };
  const tables = tabulate(leaves);
  const expected = expectedOf(forest);
  const rights = new Uint8Array(forest.column.length);
  return {
    explain(row) {
      const values = new Float64Array(forest.columns);
      answerQuestions(forest, row, rights);
      lookUp(tables, rights, values);
      return { expected, values };
    },
  };
}

/** A feature met on the way to a leaf. */
interface Feature {
  readonly column: number;
  /** Share of the rows of its questions that went this way. */
  readonly zero: number;
}

interface Leaf {
  readonly weight: number;
  readonly features: readonly Feature[];
  /** The questions on the way: which, whether right is wanted, and of which of the features. */
  readonly questions: readonly {
    readonly node: number;
    readonly right: 0 | 1;
    readonly place: number;
  }[];
}

/** Undefined where their tables would be too large. */
function leavesOf(forest: Forest): Leaf[] | undefined {
  const { column, child, cover, weight, roots } = forest;
  const leaves: Leaf[] = [];
  let entries = 0;
  const descend = (node: number, { features, questions }: Omit<Leaf, "weight">): void => {
    if (entries > ENTRIES_MAX) return;
    const asked = column[node] as number;
    if (asked < 0) {
      entries += tableSize(features.length);
      leaves.push({ weight: weight[node] as number, features, questions });
      return;
    }
    const left = child[node] as number;
    const covers = (cover[left] as number) + (cover[left + 1] as number);
    for (const right of [0, 1] as const) {
      const share = (cover[left + right] as number) / covers;
      const met = features.findIndex(({ column }) => column === asked);
      const place = met === -1 ? features.length : met;
      const known = features[place] ?? { column: asked, zero: 1 };
      descend(left + right, {
        features: features.toSpliced(place, 1, { ...known, zero: known.zero * share }),
        questions: [...questions, { node, right, place }],
      });
    }
  };
  for (const root of roots) descend(root, { features: [], questions: [] });
  return entries > ENTRIES_MAX ? undefined : leaves;
}

/** Per set of features that let one pass, per feature. */
function tableSize(features: number): number {
  return features * 2 ** features;
}

interface Tables {
  /** Per leaf, where its parts of the arrays start; one more at the end. */
  readonly questionsFrom: Int32Array;
  readonly columnsFrom: Int32Array;
  readonly entriesFrom: Int32Array;
  readonly node: Int32Array;
  readonly right: Uint8Array;
  readonly place: Uint8Array;
  readonly column: Int32Array;
  readonly entries: Float32Array;
}

function tabulate(leaves: readonly Leaf[]): Tables {
  const entriesFrom = startsOf(leaves.map(({ features }) => tableSize(features.length)));
  const entries = new Float32Array(entriesFrom[leaves.length] as number);
  const room = pathFor(leaves.reduce((most, { features }) => Math.max(most, features.length), 0));
  leaves.forEach(({ features, weight }, leaf) => {
    const zero = features.map(({ zero }) => zero);
    for (let passing = 0; passing < 2 ** features.length; passing++) {
      const one = zero.map((_, place) => passing >> place & 1);
      const from = (entriesFrom[leaf] as number) + passing * features.length;
      shareOfLeaf(room, zero, one).forEach((share, place) =>
        entries[from + place] = share * weight
      );
    }
  });
  const questions = leaves.flatMap(({ questions }) => questions);
  return {
    questionsFrom: startsOf(leaves.map(({ questions }) => questions.length)),
    columnsFrom: startsOf(leaves.map(({ features }) => features.length)),
    entriesFrom,
    node: Int32Array.from(questions, ({ node }) => node),
    right: Uint8Array.from(questions, ({ right }) => right),
    place: Uint8Array.from(questions, ({ place }) => place),
    column: Int32Array.from(leaves.flatMap(({ features }) => features), ({ column }) => column),
    entries,
  };
}

function startsOf(lengths: readonly number[]): Int32Array {
  const starts = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => starts[i + 1] = (starts[i] as number) + length);
  return starts;
}

/** Of every node, whether the row goes right there. */
function answerQuestions(
  { column, threshold, missingLeft }: Forest,
  row: Float32Array,
  rights: Uint8Array,
): void {
  for (let node = 0; node < column.length; node++) {
    const asked = column[node] as number;
    if (asked < 0) continue;
    const value = row[asked] as number;
    const right = Number.isNaN(value)
      ? missingLeft[node] === 0
      : value > (threshold[node] as number);
    rights[node] = Number(right);
  }
}

function lookUp(tables: Tables, rights: Uint8Array, values: Float64Array): void {
  const { questionsFrom, columnsFrom, entriesFrom, node, right, place, column, entries } = tables;
  for (let leaf = 0; leaf < questionsFrom.length - 1; leaf++) {
    let stopping = 0;
    const questionsTo = questionsFrom[leaf + 1] as number;
    for (let i = questionsFrom[leaf] as number; i < questionsTo; i++) {
      const wrong = (rights[node[i] as number] as number) ^ (right[i] as number);
      stopping |= wrong << (place[i] as number);
    }
    const columnsAt = columnsFrom[leaf] as number;
    const features = (columnsFrom[leaf + 1] as number) - columnsAt;
    const passing = (1 << features) - 1 & ~stopping;
    const from = (entriesFrom[leaf] as number) + passing * features;
    for (let i = 0; i < features; i++) {
      const own = column[columnsAt + i] as number;
      values[own] = (values[own] as number) + (entries[from + i] as number);
    }
  }
}

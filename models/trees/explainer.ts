/**
 * The same contributions for many rows: what a leaf gives each feature of its path depends on the
 * row only through which of those features let it pass, so all answers are worked out beforehand
 * (Yang, "Fast TreeSHAP: Accelerating SHAP Value Computation for Trees", 2021, version 2).
 *
 * Leaves that hang together share their questions, so their answers are added up beforehand, too: a
 * row costs a look at every question, and a lookup for each handful of leaves. The tables grow with
 * 2 to the power of the questions: trees too deep for that walk.
 */
import { finish, type Steps } from "../steps.ts";
import {
  contributing,
  type Contributions,
  expectedOf,
  type Path,
  pathFor,
  shareOfLeaf,
} from "./contributions.ts";
import type { Forest } from "./forest.ts";

export interface Explainer {
  /** `row` is one row of features. */
  explain(row: Float32Array): Contributions;
  /** The same, of which trees that are walked need some milliseconds: a tree a step. */
  explaining(row: Float32Array): Steps<Contributions>;
}

/** 32 MB of floats. */
const ENTRIES_MAX = 8_000_000;
/** Questions that leaves of one lookup may have between them; their table stays in the cache. */
const QUESTIONS_MAX = 7;
/** A leaf with more on its path has a table of its own, up to here. */
const DEPTH_MAX = 12;

export function createExplainer(forest: Forest): Explainer {
  return finish(creatingExplainer(forest));
}

/** A second for 200 trees of depth 6, a leaf a step. */
export function* creatingExplainer(forest: Forest): Steps<Explainer> {
  const expected = expectedOf(forest);
  const clusters = yield* clustering(forest);
  const lookedUp = clusters && lookerUp(forest, yield* tabulating(forest, clusters));
  function* explaining(row: Float32Array): Steps<Contributions> {
    return { expected, values: lookedUp ? lookedUp(row) : yield* contributing(forest, row) };
  }
  return { explain: (row) => finish(explaining(row)), explaining };
}

function lookerUp(forest: Forest, tables: Tables): (row: Float32Array) => Float64Array {
  const questions = questionsOf(forest);
  const rights = new Uint8Array(forest.column.length);
  return (row) => {
    const values = new Float64Array(forest.columns);
    answerQuestions(questions, row, rights);
    lookUp(tables, rights, values);
    return values;
  };
}

/** How a node is reached. */
interface Way {
  /** Of the features asked about, by column: the share of rows that went this way. */
  readonly zero: ReadonlyMap<number, number>;
  readonly answers: readonly {
    readonly node: number;
    readonly column: number;
    readonly right: 0 | 1;
  }[];
}

const NO_WAY: Way = { zero: new Map(), answers: [] };

interface Leaf extends Way {
  readonly weight: number;
}

/** Leaves that are looked up together: all below a node. */
interface Cluster {
  readonly node: number;
  readonly way: Way;
  /** Every question on the way there and below. */
  readonly questions: readonly number[];
  readonly columns: readonly number[];
}

/** Undefined where their tables would be too large. */
function* clustering(forest: Forest): Steps<Cluster[] | undefined> {
  const clusters: Cluster[] = [];
  let entries = 0;
  const descend = (node: number, way: Way): void => {
    if (entries > ENTRIES_MAX) return;
    const below = questionsBelow(forest, node);
    if (below.length > 0 && way.answers.length + below.length > QUESTIONS_MAX) {
      for (const right of [0, 1] as const) descend(...step(forest, node, right, way));
      return;
    }
    const questions = [...way.answers.map((answer) => answer.node), ...below];
    const columns = [...new Set(questions.map((question) => forest.column[question] as number))];
    entries += questions.length > DEPTH_MAX ? Infinity : columns.length * 2 ** questions.length;
    clusters.push({ node, way, questions, columns });
  };
  for (const root of forest.roots) {
    descend(root, NO_WAY);
    if (entries > ENTRIES_MAX) return undefined;
    yield;
  }
  return clusters;
}

function questionsBelow(forest: Forest, node: number): number[] {
  if ((forest.column[node] as number) < 0) return [];
  const left = forest.child[node] as number;
  return [node, ...questionsBelow(forest, left), ...questionsBelow(forest, left + 1)];
}

function leavesBelow(forest: Forest, node: number, way: Way): Leaf[] {
  if ((forest.column[node] as number) < 0) {
    return [{ ...way, weight: forest.weight[node] as number }];
  }
  return ([0, 1] as const).flatMap((right) =>
    leavesBelow(forest, ...step(forest, node, right, way))
  );
}

/** The child on one side, and the way to it. */
function step(
  { column, child, cover }: Forest,
  node: number,
  right: 0 | 1,
  { zero, answers }: Way,
): [child: number, way: Way] {
  const asked = column[node] as number;
  const left = child[node] as number;
  const covers = (cover[left] as number) + (cover[left + 1] as number);
  const share = (zero.get(asked) ?? 1) * (cover[left + right] as number) / covers;
  return [left + right, {
    zero: new Map(zero).set(asked, share),
    answers: [...answers, { node, column: asked, right }],
  }];
}

interface Tables {
  /** Per cluster, where its parts of the arrays start; one more at the end. */
  readonly questionsFrom: Int32Array;
  readonly columnsFrom: Int32Array;
  readonly entriesFrom: Int32Array;
  readonly questions: Int32Array;
  readonly columns: Int32Array;
  /** Per set of questions answered by going right, per column of the cluster. */
  readonly entries: Float32Array;
}

function* tabulating(forest: Forest, clusters: readonly Cluster[]): Steps<Tables> {
  const sizes = clusters.map(({ questions, columns }) => columns.length * 2 ** questions.length);
  const entriesFrom = startsOf(sizes);
  const entries = new Float32Array(entriesFrom[clusters.length] as number);
  const room = pathFor(Math.max(0, ...forest.depths));
  for (const [i, cluster] of clusters.entries()) {
    const from = entriesFrom[i] as number;
    const own = entries.subarray(from, from + (sizes[i] as number));
    for (const leaf of leavesBelow(forest, cluster.node, cluster.way)) {
      addLeaf(cluster, leaf, room, own);
      yield;
    }
  }
  return {
    questionsFrom: startsOf(clusters.map(({ questions }) => questions.length)),
    columnsFrom: startsOf(clusters.map(({ columns }) => columns.length)),
    entriesFrom,
    questions: Int32Array.from(clusters.flatMap(({ questions }) => questions)),
    columns: Int32Array.from(clusters.flatMap(({ columns }) => columns)),
    entries,
  };
}

function startsOf(lengths: readonly number[]): Int32Array {
  const starts = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => starts[i + 1] = (starts[i] as number) + length);
  return starts;
}

function addLeaf(
  { questions, columns }: Cluster,
  { weight, zero, answers }: Leaf,
  room: Path,
  entries: Float32Array,
): void {
  const features = [...zero.keys()];
  const shares = [...zero.values()];
  const places = features.map((column) => columns.indexOf(column));
  const asked = answers.map(({ node, column, right }) => ({
    bit: questions.indexOf(node),
    feature: features.indexOf(column),
    right,
  }));
  const given = new Map<number, readonly number[]>();
  for (let rights = 0; rights < 2 ** questions.length; rights++) {
    let stopping = 0;
    for (const { bit, feature, right } of asked) {
      if ((rights >> bit & 1) !== right) stopping |= 1 << feature;
    }
    let said = given.get(stopping);
    if (said === undefined) {
      said = shareOfLeaf(room, shares, features.map((_, i) => 1 - (stopping >> i & 1)));
      given.set(stopping, said);
    }
    for (const [i, place] of places.entries()) {
      const at = rights * columns.length + place;
      entries[at] = (entries[at] as number) + (said[i] as number) * weight;
    }
  }
}

/** The nodes that ask something, closely packed: every row answers all of them. */
interface Questions {
  readonly node: Int32Array;
  readonly column: Int32Array;
  readonly threshold: Float32Array;
  /** 1 where a missing value goes right. */
  readonly missingRight: Uint8Array;
}

function questionsOf({ column, threshold, missingLeft }: Forest): Questions {
  const node = Int32Array.from(column.keys()).filter((node) => (column[node] as number) >= 0);
  return {
    node,
    column: node.map((node) => column[node] as number),
    threshold: Float32Array.from(node, (node) => threshold[node] as number),
    missingRight: Uint8Array.from(node, (node) => 1 - (missingLeft[node] as number)),
  };
}

/** Of every node that asks, whether the row goes right there. Without a branch: none is likely. */
function answerQuestions(
  { node, column, threshold, missingRight }: Questions,
  row: Float32Array,
  rights: Uint8Array,
): void {
  for (let i = 0; i < node.length; i++) {
    const value = row[column[i] as number] as number;
    const isMissing = Number(value !== value);
    rights[node[i] as number] = Number(value > (threshold[i] as number)) |
      (isMissing & (missingRight[i] as number));
  }
}

function lookUp(tables: Tables, rights: Uint8Array, values: Float64Array): void {
  const { questionsFrom, columnsFrom, entriesFrom, questions, columns, entries } = tables;
  for (let cluster = 0; cluster < questionsFrom.length - 1; cluster++) {
    const questionsAt = questionsFrom[cluster] as number;
    const count = (questionsFrom[cluster + 1] as number) - questionsAt;
    let answers = 0;
    for (let i = 0; i < count; i++) {
      answers |= (rights[questions[questionsAt + i] as number] as number) << i;
    }
    const columnsAt = columnsFrom[cluster] as number;
    const width = (columnsFrom[cluster + 1] as number) - columnsAt;
    const from = (entriesFrom[cluster] as number) + answers * width;
    for (let i = 0; i < width; i++) {
      const own = columns[columnsAt + i] as number;
      values[own] = (values[own] as number) + (entries[from + i] as number);
    }
  }
}

/** How trees are grown. Names are ours, meanings and defaults XGBoost's, whose name is in brackets. */
export interface TreeParameters {
  /** At most; fewer where early stopping ends it. [n_estimators] */
  readonly trees: number;
  readonly depth: number;
  /** What each tree's answer is multiplied by. [learning_rate] */
  readonly rate: number;
  /** Share of the rows, and of the columns, each tree sees. [subsample, colsample_bytree] */
  readonly rowShare: number;
  readonly columnShare: number;
  /** [reg_alpha, reg_lambda] */
  readonly l1: number;
  readonly l2: number;
  /** What a split must gain to stay. [gamma] */
  readonly gainMin: number;
  /** Sum of second derivatives on either side of a split. [min_child_weight] */
  readonly childWeightMin: number;
  /** What a positive row counts against a negative one. [scale_pos_weight] */
  readonly positiveWeight: number;
  /** Per column: 1 where the answer must not fall as the value rises, −1 not rise, 0 either. */
  readonly monotone?: readonly (-1 | 0 | 1)[] | undefined;
  readonly seed: number;
}

export const DEFAULTS: TreeParameters = {
  trees: 100,
  depth: 6,
  rate: 0.3,
  rowShare: 1,
  columnShare: 1,
  l1: 0,
  l2: 1,
  gainMin: 0,
  childWeightMin: 1,
  positiveWeight: 1,
  seed: 1,
};

/** The lowest and highest of each that make sense. */
const RANGES = {
  trees: [1, 10_000],
  depth: [1, 16],
  rate: [Number.MIN_VALUE, 1],
  rowShare: [Number.MIN_VALUE, 1],
  columnShare: [Number.MIN_VALUE, 1],
  l1: [0, Infinity],
  l2: [0, Infinity],
  gainMin: [0, Infinity],
  childWeightMin: [0, Infinity],
  positiveWeight: [Number.MIN_VALUE, Infinity],
  seed: [-(2 ** 31), 2 ** 32],
} as const;
const WHOLE = ["trees", "depth", "seed"];

export function checkParameters(parameters: TreeParameters, columns: number): void {
  for (const [name, [low, high]] of Object.entries(RANGES)) {
    const value = parameters[name as keyof typeof RANGES];
    const fits = value >= low && value <= high;
    if (!fits || WHOLE.includes(name) && !Number.isInteger(value)) {
      throw new RangeError(
        `Cannot grow trees with ${name} ${value}: expected a ${
          WHOLE.includes(name) ? "whole " : ""
        }number from ${low === Number.MIN_VALUE ? "above 0" : low} to ${high}`,
      );
    }
  }
  const { monotone } = parameters;
  if (monotone !== undefined && monotone.length !== columns) {
    throw new RangeError(
      `Cannot constrain ${columns} columns: "monotone" has ${monotone.length} entries`,
    );
  }
}

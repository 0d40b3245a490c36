/** Where good parameters are looked for: the space of `contracts/atm.md`. */
import type { Space } from "../search.ts";

export const TREE_SPACE = {
  trees: { from: 50, to: 300, whole: true },
  depth: { from: 3, to: 10, whole: true },
  rate: { from: 0.01, to: 0.3, log: true },
  rowShare: { from: 0.6, to: 1 },
  columnShare: { from: 0.6, to: 1 },
  l1: { from: 0, to: 10 },
  l2: { from: 0, to: 10 },
} as const satisfies Space<string>;

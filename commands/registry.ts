/** Every command of `./telltale`, in the order in which help lists them. */
import type { Command } from "./command.ts";

/** Each is loaded when it is asked for: none has to wait for the others' packages. */
const LOADERS: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  start: () => import("./start.ts"),
  simulate: () => import("./simulate.ts"),
  import: () => import("./import.ts"),
  report: () => import("./report.ts"),
  train: () => import("./train.ts"),
  replay: () => import("./replay.ts"),
  verify: () => import("./verify.ts"),
  rebuild: () => import("./rebuild.ts"),
  evaluate: () => import("./evaluate.ts"),
  test: () => import("./test.ts"),
  bench: () => import("./bench.ts"),
  check: () => import("./check.ts"),
};

export const commandNames: readonly string[] = Object.keys(LOADERS);

/** One of `commandNames`. */
export async function loadCommand(name: string): Promise<Command> {
  const load = LOADERS[name];
  if (!load) throw new Error(`Cannot load command "${name}": expected one of ${commandNames}`);
  return (await load()).command;
}

/** The command that somebody who typed this may have meant. */
export function nearestCommand(typed: string): string | undefined {
  const [nearest] = commandNames
    .map((name) => ({ name, distance: editDistance(typed, name) }))
    .filter(({ name, distance }) => distance <= Math.ceil(name.length / 3))
    .toSorted((a, b) => a.distance - b.distance);
  return nearest?.name;
}

/** How many letters have to be added, dropped or changed to make one word the other. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

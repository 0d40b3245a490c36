/** How many of each, as an object of numbers by name. */
import { z } from "@hono/zod-openapi";

export const Counts = z.record(z.string(), z.int());

/** Adds up what has the same name. Those named here come first, also where there are none of them. */
export function countBy<Group extends { readonly count: number }>(
  groups: readonly Group[],
  nameOf: (group: Group) => string,
  names: readonly string[] = [],
): z.infer<typeof Counts> {
  const counts = new Map<string, number>();
  for (const group of groups) {
    counts.set(nameOf(group), (counts.get(nameOf(group)) ?? 0) + group.count);
  }
  const named = new Map(names.map((name) => [name, counts.get(name) ?? 0]));
  return Object.fromEntries([...named, ...[...counts].sort().filter(([name]) => !named.has(name))]);
}

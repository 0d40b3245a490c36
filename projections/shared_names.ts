/**
 * One list for all who hold the same names in the same order.
 *
 * A fleet's devices measure the same few things, and tens of thousands of rows name them: they share
 * the list, and whether two rows name the same is one comparison.
 */

const known = new Map<string, readonly string[]>();
/** The list met last that begins with a name, which is nearly always the one that comes again. */
const lastWith = new Map<string, readonly string[]>();
const LISTS_KEPT_MAX = 10_000;
/** Longer ones are of a device that invents names; nobody shares them. */
const SHARED_MAX = 64;

/** The first `count` of these names. Two lists of the same names are almost always one. */
export function shareNames(names: readonly string[], count = names.length): readonly string[] {
  const first = names[0] ?? "";
  const last = lastWith.get(first);
  if (last !== undefined && isSame(last, names, count)) return last;
  const own = names.slice(0, count);
  if (count > SHARED_MAX) return own;
  const key = JSON.stringify(own);
  const list = known.get(key) ?? own;
  if (known.size >= LISTS_KEPT_MAX) known.clear();
  if (lastWith.size >= LISTS_KEPT_MAX) lastWith.clear();
  known.set(key, list);
  lastWith.set(first, list);
  return list;
}

function isSame(list: readonly string[], names: readonly string[], count: number): boolean {
  if (list.length !== count) return false;
  for (let i = 0; i < count; i++) if (list[i] !== names[i]) return false;
  return true;
}

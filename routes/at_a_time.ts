/** Many things to be done, of which only so many are under way at once. */

/** Calls `work` with every whole number below `count`, in order. Throws what one of them throws. */
export async function atATime(
  underWayMax: number,
  count: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  async function workOn(): Promise<void> {
    while (next < count) await work(next++);
  }
  await Promise.all(Array.from({ length: Math.min(underWayMax, count) }, workOn));
}

/** How well an ATM has been: 0 to 100, by the formula of its contract. */

export interface AtmReports {
  /** How many there are. */
  readonly count: number;
  readonly online: number;
  readonly error: number;
  /** Means, percent; null where none was told. */
  readonly cpu: number | null;
  readonly memory: number | null;
}

const WITHOUT_DATA = 50;
/** Below this much use there is no penalty; at full use it takes all that can be had. */
const BUSY_PERCENT = 80;
const FULL_PERCENT = 100;

/** 40 · online ratio + 30 · (1 − error ratio) + 15 − penalty of the processor + 15 − of memory. */
export function healthScore({ count, online, error, cpu, memory }: AtmReports): number {
  if (count === 0) return WITHOUT_DATA;
  const score = 40 * online / count + 30 * (1 - error / count) +
    15 - penalty(cpu) + 15 - penalty(memory);
  return Math.round(score * 100) / 100;
}

/** Points lost, 0 to 15, in proportion to what is used of the last fifth. */
function penalty(percent: number | null): number {
  const over = Math.max(0, (percent ?? 0) - BUSY_PERCENT);
  return 15 * Math.min(1, over / (FULL_PERCENT - BUSY_PERCENT));
}

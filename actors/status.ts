/**
 * What a device's status is now, from reports that may be late, simultaneous, or of one part only.
 *
 * A machine reports axis by axis of its bearings, and is as well as its worst one: otherwise every round of
 * readings would raise and clear its alarm. Other devices have one part, without a name.
 */
import { worseOf } from "../events/measures.ts";
import type { Kind } from "../events/vocabulary.ts";

/** The latest status of one part. */
export interface PartStatus {
  readonly part: string;
  status: string;
  /** The newest moment it was reported at, epoch ms. */
  at: number;
}

/** Sixteen bearings of three axes; of more, those heard last are judged: the state has a bound. */
export const PARTS_MAX = 48;
/** A bearing that was not heard for a day has been taken out, or has another name now. */
const PART_FORGOTTEN_MS = 24 * 3_600_000;

/** What a report says of one part. */
export interface Observed {
  readonly part: string;
  readonly status: string;
  readonly at: number;
}

/** The status of the whole device after a report; undefined where the report comes too late for it. */
export function statusAfter(
  kind: Kind,
  parts: readonly PartStatus[],
  observed: Observed,
): string | undefined {
  let status = observed.status;
  for (const known of parts) {
    if (known.part === observed.part) {
      if (!isNews(kind, known, observed)) return undefined;
    } else if (observed.at - known.at < PART_FORGOTTEN_MS) {
      status = worseOf(kind, status, known.status);
    }
  }
  return status;
}

/** The part of this name. */
export function partIn(parts: readonly PartStatus[], name: string): PartStatus | undefined {
  return parts.find(({ part }) => part === name);
}

/** What a device's parts were last said to be in. */
export interface Parts {
  /** A new list for every part that is new: one that is added to keeps room for many. */
  parts: readonly PartStatus[];
}

/** Takes a report into account, in place. */
export function noteStatus(kind: Kind, state: Parts, observed: Observed): void {
  const { parts } = state;
  const known = partIn(parts, observed.part);
  if (known === undefined) {
    const kept = parts.length === PARTS_MAX ? parts.toSpliced(oldest(parts), 1) : parts;
    state.parts = kept.concat([{ ...observed }]);
  } else if (isNews(kind, known, observed)) {
    known.status = observed.status;
    known.at = observed.at;
  }
}

/** Late reports are facts, but do not change what is true now; at one instant the worse counts. */
function isNews(kind: Kind, known: PartStatus, { status, at }: Observed): boolean {
  return at > known.at || (at === known.at && worseOf(kind, known.status, status) === status);
}

function oldest(parts: readonly PartStatus[]): number {
  return parts.reduce((place, { at }, i) => at < (parts[place]?.at ?? at) ? i : place, 0);
}

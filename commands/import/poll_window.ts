/**
 * The polls of a stretch of a file, by store: twelve bytes each, however the file is sorted.
 *
 * A file larger than the window is sent a window at a time, so that memory has a bound.
 */
import type { PollKey } from "./rows.ts";

/** Two months of a chain as large as the largest we know; some 80 MB. */
const POLLS_MAX = 4_000_000;
const POLLS_FIRST = 65_536;

export interface PollsOfStore {
  readonly id: string;
  /** Ascending, each once. */
  readonly keys: Float64Array;
}

export interface PollWindow {
  /** The store's place in this window; undefined for one that has none yet. */
  placeOf(id: string): number | undefined;
  addStore(id: string): number;
  add(place: number, key: PollKey): void;
  readonly polls: number;
  readonly stores: number;
  /** Looked at now and then: it holds somewhat more. */
  isFull(): boolean;
  /** Every store's polls, and an empty window again. */
  drain(): PollsOfStore[];
}

export function createPollWindow(pollsMax: number = POLLS_MAX): PollWindow {
  let ids = new Map<string, number>();
  let places = new Int32Array(POLLS_FIRST);
  let keys = new Float64Array(places.length);
  let count = 0;

  function grow(): void {
    const length = keys.length * 2;
    const [morePlaces, moreKeys] = [new Int32Array(length), new Float64Array(length)];
    morePlaces.set(places);
    moreKeys.set(keys);
    [places, keys] = [morePlaces, moreKeys];
  }

  return {
    placeOf: (id) => ids.get(id),
    addStore(id) {
      const place = ids.size;
      ids.set(id, place);
      return place;
    },
    add(place, key) {
      if (count === keys.length) grow();
      places[count] = place;
      keys[count++] = key;
    },
    get polls() {
      return count;
    },
    get stores() {
      return ids.size;
    },
    isFull: () => count >= pollsMax,
    drain() {
      const grouped = group(places.subarray(0, count), keys.subarray(0, count), ids.size);
      const drained = [...ids.keys()].map((id, place) => ({
        id,
        keys: ascendingOnce(grouped(place)),
      }));
      ids = new Map();
      count = 0;
      return drained;
    },
  };
}

/** A counting sort by store; gives each store's stretch of one array. */
function group(
  places: Int32Array,
  keys: Float64Array,
  stores: number,
): (place: number) => Float64Array {
  const starts = new Int32Array(stores + 1);
  for (const place of places) starts[place + 1] = (starts[place + 1] ?? 0) + 1;
  for (let i = 0; i < stores; i++) starts[i + 1] = (starts[i + 1] ?? 0) + (starts[i] ?? 0);
  const next = starts.slice();
  const sorted = new Float64Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const place = places[i] ?? 0;
    sorted[next[place] ?? 0] = keys[i] ?? 0;
    next[place] = (next[place] ?? 0) + 1;
  }
  return (place) => sorted.subarray(starts[place], starts[place + 1]);
}

function ascendingOnce(keys: Float64Array): Float64Array {
  keys.sort();
  let kept = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0;
    if (i === 0 || key !== keys[kept - 1]) keys[kept++] = key;
  }
  return keys.subarray(0, kept);
}

/** Those of the keys that say something new; both ascend. */
export function unknownOf(keys: Float64Array, known: readonly PollKey[]): Float64Array {
  if (known.length === 0) return keys;
  let at = 0;
  return keys.filter((key) => {
    while (at < known.length && (known[at] ?? 0) < key) at++;
    // A store that was inactive at a moment was not active too: that would change nothing.
    return known[at] !== key && !(key % 2 === 0 && known[at] === key + 1);
  });
}

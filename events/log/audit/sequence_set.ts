/**
 * Which sequences of the broker were dealt with: a bit for each, in pages, so that a hundred
 * million of them fit in a few megabytes and a page that is full takes none.
 */

const PAGE_BITS = 65_536;

interface Page {
  count: number;
  /** Undefined once every bit is set. */
  bits: Uint32Array | undefined;
}

export interface SequenceSet {
  /** False where it was there already. */
  add(sequence: number): boolean;
  has(sequence: number): boolean;
  /** The first sequence from here on whose page is not full; skips at least nothing. */
  afterFullPage(sequence: number): number;
  /** The first sequence from here on whose page holds anything; Infinity for none. */
  nextPage(sequence: number): number;
}

export function createSequenceSet(): SequenceSet {
  const pages = new Map<number, Page>();
  const pageOf = (sequence: number) => pages.get(Math.floor(sequence / PAGE_BITS));

  return {
    add(sequence) {
      const number = Math.floor(sequence / PAGE_BITS);
      let page = pages.get(number);
      if (!page) pages.set(number, page = { count: 0, bits: new Uint32Array(PAGE_BITS / 32) });
      if (!page.bits) return false;
      const bit = sequence - number * PAGE_BITS;
      const word = page.bits[bit >> 5] ?? 0;
      const mask = 1 << (bit & 31);
      if (word & mask) return false;
      page.bits[bit >> 5] = word | mask;
      if (++page.count === PAGE_BITS) page.bits = undefined;
      return true;
    },
    has(sequence) {
      const page = pageOf(sequence);
      if (!page) return false;
      if (!page.bits) return true;
      const bit = sequence % PAGE_BITS;
      return ((page.bits[bit >> 5] ?? 0) & (1 << (bit & 31))) !== 0;
    },
    afterFullPage(sequence) {
      const page = pageOf(sequence);
      return page && !page.bits ? (Math.floor(sequence / PAGE_BITS) + 1) * PAGE_BITS : sequence;
    },
    nextPage(sequence) {
      if (pageOf(sequence)) return sequence;
      let nearest = Infinity;
      for (const number of pages.keys()) {
        const start = number * PAGE_BITS;
        if (start > sequence && start < nearest) nearest = start;
      }
      return nearest;
    },
  };
}

export interface SequenceRange {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** What is in none of the sets and none of the ranges, between two sequences inclusive. */
export function* uncovered(
  sets: readonly SequenceSet[],
  ranges: readonly SequenceRange[],
  from: number,
  to: number,
): Generator<SequenceRange> {
  let gapFrom: number | undefined;
  let at = from;
  while (at <= to) {
    const past = pastCovered(sets, ranges, at);
    if (past > at) {
      if (gapFrom !== undefined) yield { from: gapFrom, to: at - 1 };
      gapFrom = undefined;
      at = past;
    } else {
      gapFrom ??= at;
      at = nextCandidate(sets, ranges, at + 1);
    }
  }
  if (gapFrom !== undefined) yield { from: gapFrom, to };
}

/** Where to look on, past what covers this sequence; the sequence itself where nothing does. */
function pastCovered(
  sets: readonly SequenceSet[],
  ranges: readonly SequenceRange[],
  sequence: number,
): number {
  for (const set of sets) {
    const past = set.afterFullPage(sequence);
    if (past > sequence) return past;
    if (set.has(sequence)) return sequence + 1;
  }
  for (const range of ranges) {
    if (range.from <= sequence && sequence <= range.to) return range.to + 1;
  }
  return sequence;
}

/** The next sequence that could be covered. */
function nextCandidate(
  sets: readonly SequenceSet[],
  ranges: readonly SequenceRange[],
  sequence: number,
): number {
  let nearest = Infinity;
  for (const set of sets) nearest = Math.min(nearest, set.nextPage(sequence));
  for (const { from, to } of ranges) {
    if (to >= sequence) nearest = Math.min(nearest, Math.max(from, sequence));
  }
  return nearest;
}

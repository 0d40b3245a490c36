/**
 * Where projections get their events: from memory near the head of the log, else from the log.
 *
 * All projections share it. What was just committed is kept for a while, so that in the steady
 * state nobody reads the log at all; and a page read for one follower that has fallen behind
 * serves the others, who are usually behind by as much.
 */
import type { RecordedEvent } from "../events/event.ts";
import type { Sql } from "../events/log/database.ts";
import { readPartition } from "../events/log/read.ts";

/** About half a second at full speed: longer than a flush takes. */
export const EVENTS_KEPT_MAX = 30_000;
/** A follower that has stopped does not keep them for ever. */
const KEPT_MS = 5_000;
const PAGE_EVENTS = 5_000;
const PAGES_KEPT_MAX = 4;
/** More than this at a time would keep the write path waiting for the same thread. */
const TAKE_MAX = 2_000;

export interface Tail {
  /** Events just committed, in order, of one partition. Never blocks. */
  offer(events: readonly RecordedEvent[]): void;
  /** The log is known to go this far, whether or not its events were offered. */
  reached(partition: number, offset: number): void;
  /** The last offset known to be in the log. */
  head(partition: number): number;
  /** A reader of its own pace. Calls back after every offer. */
  join(onOffer: () => void): TailReader;
}

export interface TailReader {
  /** Some of the events after an offset, in order; none at the head. */
  take(partition: number, after: number): Promise<readonly RecordedEvent[]>;
  leave(): void;
}

interface Memory {
  /** Batches as they were committed, in pieces of TAKE_MAX, without a gap, oldest first. */
  batches: (readonly RecordedEvent[])[];
  events: number;
  head: number;
}

/** `heads`: per partition, the last offset in the log now. */
export function createTail(sql: Sql, heads: ReadonlyMap<number, number>): Tail {
  const memories = new Map<number, Memory>();
  for (const [partition, head] of heads) {
    memories.set(partition, { batches: [], events: 0, head });
  }
  const pages = new Map<string, Promise<readonly RecordedEvent[]>>();
  /** What each reader asked for last, per partition: what is before it, it has. */
  const readers = new Map<() => void, Map<number, number>>();

  function memoryOf(partition: number): Memory {
    let memory = memories.get(partition);
    if (memory === undefined) {
      memory = { batches: [], events: 0, head: 0 };
      memories.set(partition, memory);
    }
    return memory;
  }

  /** A page of the log, shared by whoever needs it while it is fresh. */
  function page(partition: number, number: number): Promise<readonly RecordedEvent[]> {
    const name = `${partition}/${number}`;
    const known = pages.get(name);
    if (known !== undefined) return known;
    const reading = readPartition(sql, partition, number * PAGE_EVENTS, PAGE_EVENTS);
    pages.set(name, reading);
    for (const oldest of pages.keys()) {
      if (pages.size <= PAGES_KEPT_MAX) break;
      pages.delete(oldest);
    }
    const drop = () => {
      if (pages.get(name) === reading) pages.delete(name);
    };
    // A page that is not full yet will be, and one that could not be read may be next time.
    reading.then((events) => events.length < PAGE_EVENTS && drop(), drop);
    return reading;
  }

  async function take(partition: number, after: number): Promise<readonly RecordedEvent[]> {
    const { batches, head } = memoryOf(partition);
    if (after >= head) return [];
    const remembered = batches[0]?.[0];
    if (remembered !== undefined && remembered.offset <= after + 1) {
      return slice(batches[batchWith(batches, after + 1)] ?? [], after);
    }
    return slice(await page(partition, Math.floor(after / PAGE_EVENTS)), after);
  }

  function passedByAll(partition: number): number {
    let passed = Infinity;
    for (const asked of readers.values()) passed = Math.min(passed, asked.get(partition) ?? 0);
    return passed;
  }

  return {
    offer(events) {
      const first = events[0];
      const last = events.at(-1);
      if (first === undefined || last === undefined) return;
      const memory = memoryOf(first.partition);
      if (last.offset <= memory.head) return;
      if (first.offset !== memory.head + 1) {
        // Something was committed that nobody told us of: the log has it.
        memory.batches = [];
        memory.events = 0;
      }
      // Cut here, so that all readers get the same pieces.
      for (let i = 0; i < events.length; i += TAKE_MAX) {
        memory.batches.push(events.length <= TAKE_MAX ? events : events.slice(i, i + TAKE_MAX));
      }
      memory.events += events.length;
      memory.head = last.offset;
      const passed = passedByAll(first.partition);
      while (memory.batches.length > 1 && isForgettable(memory, passed, last.recordedAt)) {
        memory.events -= memory.batches.shift()?.length ?? 0;
      }
      for (const onOffer of readers.keys()) onOffer();
    },
    reached(partition, offset) {
      const memory = memoryOf(partition);
      if (offset <= memory.head) return;
      memory.batches = [];
      memory.events = 0;
      memory.head = offset;
      for (const onOffer of readers.keys()) onOffer();
    },
    head: (partition) => memoryOf(partition).head,
    join(onOffer) {
      const asked = new Map<number, number>();
      readers.set(onOffer, asked);
      return {
        take(partition, after) {
          asked.set(partition, after);
          return take(partition, after);
        },
        leave() {
          readers.delete(onOffer);
        },
      };
    },
  };
}

/**
 * Whether nobody needs the oldest batch any more. An event that is let go soon is cheap: it dies
 * young, before the garbage collector has moved it about.
 */
function isForgettable({ batches, events }: Memory, passed: number, now: number): boolean {
  const oldest = batches[0];
  if (events > EVENTS_KEPT_MAX || (oldest?.at(-1)?.offset ?? 0) <= passed) return true;
  return (oldest?.[0]?.recordedAt ?? now) < now - KEPT_MS;
}

/** Offsets are gapless, so an event's place is arithmetic. */
function slice(events: readonly RecordedEvent[], after: number): readonly RecordedEvent[] {
  const start = after + 1 - (events[0]?.offset ?? 0);
  return start === 0 && events.length <= TAKE_MAX ? events : events.slice(start, start + TAKE_MAX);
}

function batchWith(batches: readonly (readonly RecordedEvent[])[], offset: number): number {
  let low = 0;
  let high = batches.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((batches[middle]?.[0]?.offset ?? Infinity) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

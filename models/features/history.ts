/**
 * What is kept of an ATM's last 24 hours: all that its features need, in 17 KB whatever it says, and
 * in far less before it has spoken for a day.
 *
 * Records are summed up in buckets of ten minutes, so a window of hours begins at a border of ten
 * minutes: of the last 24 hours the oldest up to ten minutes are not seen. Within that window every
 * count, mean, deviation and extreme is that of the records themselves. The latest record stands
 * apart, because the contract's windows exclude it; it joins its bucket when the next one comes.
 */
import type { Json } from "../../events/vocabulary.ts";
import { pack64, unpack64 } from "../detectors/packing.ts";
import { BUCKET_MS, BUCKETS, COUNTS, N, V, VALUES } from "./buckets.ts";
import { packBuckets, unpackBuckets } from "./packed_buckets.ts";
import {
  AT,
  CASH,
  CODE,
  CPU,
  isCritical,
  LATENCY,
  MEMORY,
  NETWORK,
  readRecord,
  RECORD_FIELDS,
  STATUS,
  TEMPERATURE,
  UPTIME,
} from "./record.ts";

const COUNT_MAX = 0xffff;

/** What it is remembered of when it was last so; epoch ms, NaN for never. */
export const LAST = { error: 0, critical: 1, offline: 2, maintenance: 3 } as const;
const LASTS = 4;
/** The moments of so many starts of an error are kept, newest first. */
export const STARTS = 4;

const OFFLINE = 1;
const MAINTENANCE = 3;

/** Room for so many buckets to begin with, and for twice as many each time they do not suffice. */
const CAPACITY_FIRST = 1;

/** A history as it is written down. */
export interface SavedHistory {
  readonly first: number;
  readonly newest: number;
  readonly latest: string;
  readonly last: string;
  readonly starts: string;
  readonly buckets: string;
}

const scratch = unknowns(RECORD_FIELDS);

/**
 * Changed in place; written as JSON it comes back the same.
 *
 * Bucket n is at slot n modulo the capacity, which is never less than the buckets that are kept.
 */
export class AtmHistory {
  /** The numbers since 1970 of the oldest bucket kept and of the newest; -1 while there is none. */
  first = -1;
  newest = -1;
  /** The latest record by its moment; `AT` is NaN while there is none. */
  readonly latest: number[];
  readonly last: number[];
  /** When errors started last, newest first; epoch ms, NaN for never. */
  readonly starts: number[];
  capacity = CAPACITY_FIRST;
  counts: Uint16Array;
  values: Float32Array;

  constructor(saved?: SavedHistory) {
    this.latest = saved ? [...unpack64(saved.latest)] : unknowns(RECORD_FIELDS);
    this.last = saved ? [...unpack64(saved.last)] : unknowns(LASTS);
    this.starts = saved ? [...unpack64(saved.starts)] : unknowns(STARTS);
    ({ counts: this.counts, values: this.values } = emptyBuckets(CAPACITY_FIRST));
    if (saved === undefined || saved.newest < 0) return;
    this.first = saved.first;
    this.newest = saved.newest;
    this.#makeRoom(saved.newest - saved.first + 1);
    unpackBuckets(this, saved.buckets);
  }

  /**
   * Takes a telemetry record in; `at` is its moment, epoch ms. A record from before the latest
   * joins its bucket, if that is still kept, but starts no error and no restart.
   */
  take(data: Json, at: number): void {
    const { latest } = this;
    readRecord(data, at, scratch);
    this.#remember(scratch);
    if (at < (latest[AT] as number)) {
      this.#add(scratch, this.#slotAt(at));
      return;
    }
    const slot = this.#slotAt(latest[AT] as number);
    this.#add(latest, slot);
    this.#noteTurn(latest, scratch, this.#slotAt(at));
    for (let i = 0; i < RECORD_FIELDS; i++) latest[i] = scratch[i] as number;
  }

  /** Where a moment's bucket is; -1 where it is no longer kept, or there is no moment. */
  #slotAt(at: number): number {
    if (Number.isNaN(at)) return -1;
    const bucket = Math.floor(at / BUCKET_MS);
    if (bucket <= this.newest - BUCKETS) return -1;
    if (bucket > this.newest) this.#advance(bucket);
    else if (bucket < this.first) this.#reachBack(bucket);
    return bucket % this.capacity;
  }

  #advance(bucket: number): void {
    const kept = Math.max(this.first, bucket - BUCKETS + 1);
    const first = this.newest < kept ? bucket : kept;
    this.#makeRoom(bucket - first + 1);
    this.#clear(Math.max(this.newest + 1, first), bucket);
    this.first = first;
    this.newest = bucket;
  }

  #reachBack(bucket: number): void {
    this.#makeRoom(this.newest - bucket + 1);
    this.#clear(bucket, this.first - 1);
    this.first = bucket;
  }

  #clear(from: number, to: number): void {
    for (let bucket = from; bucket <= to; bucket++) {
      const slot = bucket % this.capacity;
      this.counts.fill(0, slot * COUNTS, (slot + 1) * COUNTS);
      this.values.fill(0, slot * VALUES, (slot + 1) * VALUES);
    }
  }

  #makeRoom(buckets: number): void {
    if (buckets <= this.capacity) return;
    const { counts, values, capacity: before } = this;
    this.capacity = Math.min(BUCKETS, Math.max(buckets, 2 * before));
    ({ counts: this.counts, values: this.values } = emptyBuckets(this.capacity));
    for (let slot = 0; slot < before; slot++) {
      // Of all buckets this slot may have held only one can be among those kept.
      const bucket = this.first + (slot - this.first % before + before) % before;
      const to = bucket % this.capacity;
      this.counts.set(counts.subarray(slot * COUNTS, (slot + 1) * COUNTS), to * COUNTS);
      this.values.set(values.subarray(slot * VALUES, (slot + 1) * VALUES), to * VALUES);
    }
  }

  #remember(record: readonly number[]): void {
    const at = record[AT] as number;
    const code = record[CODE] as number;
    if (code > 0) this.#rememberOne(LAST.error, at);
    if (isCritical(code)) this.#rememberOne(LAST.critical, at);
    if (record[STATUS] === OFFLINE) this.#rememberOne(LAST.offline, at);
    if (record[STATUS] === MAINTENANCE) this.#rememberOne(LAST.maintenance, at);
  }

  #rememberOne(what: number, at: number): void {
    if (!(at < (this.last[what] as number))) this.last[what] = at;
  }

  /** What changed from one record to the next, counted where the next one is. */
  #noteTurn(before: readonly number[], after: readonly number[], slot: number): void {
    const code = after[CODE] as number;
    if (code > 0 && code !== before[CODE]) {
      this.#count(slot, N.errorStart);
      this.#count(slot, N.codeStart + code - 1);
      this.starts.copyWithin(1, 0);
      this.starts[0] = after[AT] as number;
    }
    if ((after[UPTIME] as number) < (before[UPTIME] as number)) this.#count(slot, N.restart);
  }

  #add(record: readonly number[], slot: number): void {
    if (slot < 0) return;
    this.#count(slot, N.records);
    const status = record[STATUS] as number;
    if (status >= 0) this.#count(slot, N.status + status);
    const network = record[NETWORK] as number;
    if (network >= 0) this.#count(slot, N.network + network);
    const code = record[CODE] as number;
    if (code > 0) {
      this.#count(slot, N.error);
      if (isCritical(code)) this.#count(slot, N.critical);
    }
    this.#addCash(slot, record[CASH] as number);
    this.#addTemperature(slot, record[TEMPERATURE] as number);
    this.#addCpu(slot, record[CPU] as number);
    this.#addMemory(slot, record[MEMORY] as number);
    const latency = record[LATENCY] as number;
    if (latency >= 0) this.#spread(slot, N.latency, V.latencyMean, latency);
  }

  #addCash(slot: number, value: number): void {
    if (Number.isNaN(value)) return;
    const least = slot * VALUES + V.cashMin;
    const count = this.#spread(slot, N.cash, V.cashMean, value);
    if (count === 1 || value < (this.values[least] as number)) this.values[least] = value;
    if (value < 20) this.#count(slot, N.cashLow);
  }

  #addTemperature(slot: number, value: number): void {
    if (Number.isNaN(value)) return;
    const count = this.#spread(slot, N.temperature, V.temperatureMean, value);
    this.#atMost(slot, V.temperatureMax, value, count);
    if (value > 35 || value < 5) this.#count(slot, N.temperatureOff);
  }

  #addCpu(slot: number, value: number): void {
    if (Number.isNaN(value)) return;
    this.#atMost(slot, V.cpuMax, value, this.#average(slot, N.cpu, V.cpuMean, value));
    if (value > 80) this.#count(slot, N.cpuHigh);
  }

  #addMemory(slot: number, value: number): void {
    if (Number.isNaN(value)) return;
    this.#atMost(slot, V.memoryMax, value, this.#average(slot, N.memory, V.memoryMean, value));
    if (value > 85) this.#count(slot, N.memoryHigh);
  }

  #count(slot: number, what: number): number {
    const at = slot * COUNTS + what;
    const count = Math.min(COUNT_MAX, (this.counts[at] as number) + 1);
    this.counts[at] = count;
    return count;
  }

  #atMost(slot: number, what: number, value: number, count: number): void {
    const at = slot * VALUES + what;
    if (count === 1 || value > (this.values[at] as number)) this.values[at] = value;
  }

  /** Moves a mean by one more value. */
  #average(slot: number, counted: number, what: number, value: number): number {
    const count = this.#count(slot, counted);
    const at = slot * VALUES + what;
    const mean = this.values[at] as number;
    this.values[at] = mean + (value - mean) / count;
    return count;
  }

  /** The same, and the squared distances from it, which stand behind it: Welford 1962. */
  #spread(slot: number, counted: number, what: number, value: number): number {
    const at = slot * VALUES + what;
    const away = value - (this.values[at] as number);
    const count = this.#average(slot, counted, what, value);
    // The first is its own mean but for the rounding, which times its distance from nothing is much.
    if (count > 1) {
      this.values[at + 1] = (this.values[at + 1] as number) +
        away * (value - (this.values[at] as number));
    }
    return count;
  }

  toJSON(): SavedHistory {
    return {
      first: this.first,
      newest: this.newest,
      latest: pack64(new Float64Array(this.latest)),
      last: pack64(new Float64Array(this.last)),
      starts: pack64(new Float64Array(this.starts)),
      buckets: packBuckets(this),
    };
  }
}

/** Plain numbers: typed arrays of so few would take three times the room. */
function unknowns(length: number): number[] {
  return new Array<number>(length).fill(NaN);
}

/** In one piece of memory: keeping the books of a second one takes more than a young ATM says. */
function emptyBuckets(capacity: number): Pick<AtmHistory, "counts" | "values"> {
  const counted = capacity * COUNTS;
  const valued = capacity * VALUES;
  const valuesAt = counted * Uint16Array.BYTES_PER_ELEMENT;
  const room = new ArrayBuffer(valuesAt + valued * Float32Array.BYTES_PER_ELEMENT);
  return {
    counts: new Uint16Array(room, 0, counted),
    values: new Float32Array(room, valuesAt, valued),
  };
}

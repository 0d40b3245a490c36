/**
 * What is kept of an ATM's last 24 hours: all that its features need, in 16 KB.
 *
 * Records are summed up in buckets of ten minutes, so a window of hours begins at a border of ten
 * minutes: of the last 24 hours the oldest up to ten minutes are not seen. Within that window every
 * count, mean, deviation and extreme is that of the records themselves. The latest record stands
 * apart, because the contract's windows exclude it; it joins its bucket when the next one comes.
 */
import type { Json } from "../../events/vocabulary.ts";
import { pack32, pack64, unpack32, unpack64 } from "../detectors/packing.ts";
import {
  AT,
  CASH,
  CODE,
  CODES,
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

export const BUCKET_MS = 600_000;
export const BUCKETS = 144;

/** What is counted in a bucket. */
export const N = {
  records: 0,
  /** Four, in the order of `ATM_STATUSES`. */
  status: 1,
  /** Three, in the order of `NETWORK_STATUSES`. */
  network: 5,
  error: 8,
  critical: 9,
  /**
   * Eleven: E001 to E010, and codes we do not know. Not how many records have the code, which
   * depends on how often the ATM speaks, but how many have it that the record before did not have.
   */
  codeStart: 10,
  cash: 21,
  cashLow: 22,
  temperature: 23,
  temperatureOff: 24,
  cpu: 25,
  cpuHigh: 26,
  memory: 27,
  memoryHigh: 28,
  latency: 29,
  /** The same of all codes together. */
  errorStart: 30,
  /** Records with a shorter uptime than the record before. */
  restart: 31,
} as const;
export const COUNTS = 32;
const COUNT_MAX = 0xffff;

/** What is measured in a bucket. `squares` are squared distances from the bucket's mean. */
export const V = {
  cashMean: 0,
  cashSquares: 1,
  cashMin: 2,
  temperatureMean: 3,
  temperatureSquares: 4,
  temperatureMax: 5,
  cpuMean: 6,
  cpuMax: 7,
  memoryMean: 8,
  memoryMax: 9,
  latencyMean: 10,
  latencySquares: 11,
} as const;
export const VALUES = 12;

/** What it is remembered of when it was last so; epoch ms, NaN for never. */
export const LAST = { error: 0, critical: 1, offline: 2, maintenance: 3 } as const;
const LASTS = 4;
/** The moments of so many starts of an error are kept, newest first. */
export const STARTS = 4;

const OFFLINE = 1;
const MAINTENANCE = 3;

interface Saved {
  readonly newest: number;
  readonly latest: string;
  readonly last: string;
  readonly starts: string;
  readonly counts: string;
  readonly values: string;
}

const scratch = new Float64Array(RECORD_FIELDS);

/** Changed in place; written as JSON it comes back the same. */
export class AtmHistory {
  /** The number of the newest bucket since 1970; -1 while there is none. */
  newest = -1;
  /** The latest record by its moment; `AT` is NaN while there is none. */
  readonly latest: Float64Array;
  readonly last: Float64Array;
  /** When errors started last, newest first; epoch ms, NaN for never. */
  readonly starts: Float64Array;
  readonly counts: Uint16Array;
  readonly values: Float32Array;

  constructor(saved?: Saved) {
    this.newest = saved?.newest ?? -1;
    this.latest = saved ? unpack64(saved.latest) : new Float64Array(RECORD_FIELDS).fill(NaN);
    this.last = saved ? unpack64(saved.last) : new Float64Array(LASTS).fill(NaN);
    this.starts = saved ? unpack64(saved.starts) : new Float64Array(STARTS).fill(NaN);
    this.counts = new Uint16Array(BUCKETS * COUNTS);
    if (saved) this.counts.set(new Uint16Array(Uint8Array.fromBase64(saved.counts).buffer));
    this.values = saved ? unpack32(saved.values) : new Float32Array(BUCKETS * VALUES);
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
    latest.set(scratch);
  }

  /** Where a moment's bucket is; -1 where it is no longer kept, or there is no moment. */
  #slotAt(at: number): number {
    if (Number.isNaN(at)) return -1;
    const bucket = Math.floor(at / BUCKET_MS);
    if (bucket <= this.newest - BUCKETS) return -1;
    if (bucket > this.newest) this.#advance(bucket);
    return bucket % BUCKETS;
  }

  #advance(bucket: number): void {
    const first = this.newest < 0 ? bucket : Math.max(this.newest + 1, bucket - BUCKETS + 1);
    for (let passed = first; passed <= bucket; passed++) {
      const slot = passed % BUCKETS;
      this.counts.fill(0, slot * COUNTS, (slot + 1) * COUNTS);
      this.values.fill(0, slot * VALUES, (slot + 1) * VALUES);
    }
    this.newest = bucket;
  }

  #remember(record: Float64Array): void {
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
  #noteTurn(before: Float64Array, after: Float64Array, slot: number): void {
    const code = after[CODE] as number;
    if (code > 0 && code !== before[CODE]) {
      this.#count(slot, N.errorStart);
      this.#count(slot, N.codeStart + code - 1);
      this.starts.copyWithin(1, 0);
      this.starts[0] = after[AT] as number;
    }
    if ((after[UPTIME] as number) < (before[UPTIME] as number)) this.#count(slot, N.restart);
  }

  #add(record: Float64Array, slot: number): void {
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
    this.values[at + 1] = (this.values[at + 1] as number) +
      away * (value - (this.values[at] as number));
    return count;
  }

  toJSON(): Saved {
    return {
      newest: this.newest,
      latest: pack64(this.latest),
      last: pack64(this.last),
      starts: pack64(this.starts),
      counts: new Uint8Array(this.counts.buffer).toBase64(),
      values: pack32(this.values),
    };
  }
}

/** The codes that are counted one by one, in their order from `N.codeStart` on. */
export const COUNTED_CODES = CODES;

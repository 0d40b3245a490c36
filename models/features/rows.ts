/**
 * Rows to learn from and to be judged by: the features of an ATM at moments on a grid, and whether
 * a failure began in the four hours after each.
 *
 * One pass in the order of time. A row is written before any record later than its moment is taken
 * in, so nothing of the future can be in it; its label is added when the future has come.
 */
import type { Json } from "../../events/vocabulary.ts";
import { FEATURE_NAMES, writeFeatures } from "./atm.ts";
import { episodeAt, type Failure, FailureFollower, labelAt } from "./failures.ts";
import { AtmHistory } from "./history.ts";
import { AT } from "./record.ts";
import { isDown, SILENT_MAX_MS } from "./scorable.ts";

export interface FailureRows {
  /** Names of the columns. */
  readonly names: readonly string[];
  /** Row after row. NaN for what is not known. */
  readonly matrix: Float32Array;
  /** Per row: 1 where a failure begins within the horizon. */
  readonly labels: Uint8Array;
  /** Epoch ms. */
  readonly times: Float64Array;
  /** Which device the row is of, numbered from 0. */
  readonly devices: Int32Array;
  /** The failure a row belongs to, numbered from 0 over all devices; -1 for none. */
  readonly episodes: Int32Array;
}

export interface Report {
  /** Epoch ms. */
  readonly at: number;
  /** The body of the telemetry message. */
  readonly data: Json;
}

export interface AnchorOptions {
  /** From one row of a device to its next. @default 1 hour */
  readonly everyMs?: number;
  /** An ATM silent for longer gets no row. @default 30 minutes */
  readonly silentMaxMs?: number;
}

/** The moment of a row, and the ATM's features then. */
interface Anchor {
  readonly at: number;
  readonly row: Float32Array;
}

/** The rows of one ATM; its reports in the order of time. */
export class AtmRows {
  readonly #history = new AtmHistory();
  readonly #follower = new FailureFollower();
  readonly #failures: Failure[] = [];
  readonly #anchors: Anchor[] = [];
  readonly #everyMs: number;
  readonly #silentMaxMs: number;
  #nextAt = NaN;
  #endedAt = NaN;

  constructor({ everyMs = 3_600_000, silentMaxMs = SILENT_MAX_MS }: AnchorOptions = {}) {
    this.#everyMs = everyMs;
    this.#silentMaxMs = silentMaxMs;
  }

  take({ at, data }: Report): void {
    if (Number.isNaN(this.#nextAt)) this.#nextAt = Math.ceil(at / this.#everyMs) * this.#everyMs;
    for (; this.#nextAt < at; this.#nextAt += this.#everyMs) this.#anchor(this.#nextAt);
    this.#history.take(data, at);
    const ended = this.#follower.take({
      at,
      status: String(data.status),
      code: data.error_code as string | null | undefined,
    });
    if (ended) this.#failures.push(ended);
    this.#endedAt = at;
  }

  #anchor(at: number): void {
    const { latest } = this.#history;
    if (at - (latest[AT] as number) > this.#silentMaxMs || isDown(latest)) return;
    const row = new Float32Array(FEATURE_NAMES.length);
    writeFeatures(this.#history, at, row, 0);
    this.#anchors.push({ at, row });
  }

  /** Rows whose label is known, with the moment of each and the failure it belongs to. */
  labelled(): { at: number; row: Float32Array; label: boolean; episode: number }[] {
    const failures = this.#follower.underService
      ? [...this.#failures, this.#follower.underService]
      : this.#failures;
    return this.#anchors.flatMap(({ at, row }) => {
      const label = labelAt(at, failures, this.#endedAt);
      return label === undefined ? [] : [{ at, row, label, episode: episodeAt(at, failures) }];
    });
  }
}

/** The rows of many ATMs as one matrix, device after device. */
export function joinRows(devices: readonly AtmRows[]): FailureRows {
  const labelled = devices.map((rows) => rows.labelled());
  const count = labelled.reduce((sum, rows) => sum + rows.length, 0);
  const columns = FEATURE_NAMES.length;
  const joined = {
    names: FEATURE_NAMES,
    matrix: new Float32Array(count * columns),
    labels: new Uint8Array(count),
    times: new Float64Array(count),
    devices: new Int32Array(count),
    episodes: new Int32Array(count),
  };
  let at = 0;
  let episodes = 0;
  for (const [device, rows] of labelled.entries()) {
    let most = -1;
    for (const { at: time, row, label, episode } of rows) {
      joined.matrix.set(row, at * columns);
      joined.labels[at] = Number(label);
      joined.times[at] = time;
      joined.devices[at] = device;
      joined.episodes[at] = episode < 0 ? -1 : episodes + episode;
      most = Math.max(most, episode);
      at++;
    }
    episodes += most + 1;
  }
  return joined;
}

/**
 * Rows to learn from and to be judged by: the features of an ATM at moments on a grid, and whether
 * a failure began in the four hours after each.
 *
 * One pass in the order of time. A row is written before any record later than its moment is taken
 * in, so nothing of the future can be in it; its label is added when the future has come.
 */
import type { Json } from "../../events/vocabulary.ts";
import { BESIDE_FROM, FEATURE_NAMES, statementOf, writeFeatures } from "./atm.ts";
import { episodeAt, type Failure, FailureFollower, labelAt } from "./failures.ts";
import { AtmHistory } from "./history.ts";
import { type Member, Neighbourhoods, type Statement, writeBeside } from "./peers.ts";
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
  /** Where the ATM stands; those of one region are peers. @default not known */
  readonly region?: string | undefined;
}

/** The moment of a row, and the ATM's features then; those beside its peers follow. */
interface Anchor {
  readonly at: number;
  readonly row: Float32Array;
}

export interface LabelledRow extends Anchor {
  readonly label: boolean;
  readonly episode: number;
}

/** The rows of one ATM; its reports in the order of time. */
export class AtmRows {
  readonly #history = new AtmHistory();
  readonly #follower = new FailureFollower();
  readonly #failures: Failure[] = [];
  readonly #anchors: Anchor[] = [];
  /** By moment, what those around it are held against; also while it is down itself. */
  readonly statements = new Map<number, Statement>();
  readonly #everyMs: number;
  readonly #silentMaxMs: number;
  #nextAt = NaN;
  #endedAt = NaN;
  /** Where it stands; empty where that is not known. */
  readonly region: string;

  constructor(
    { everyMs = 3_600_000, silentMaxMs = SILENT_MAX_MS, region = "" }: AnchorOptions = {},
  ) {
    this.region = region;
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
    const statement = statementOf(this.#history, at);
    if (statement) this.statements.set(at, statement);
    if (at - (latest[AT] as number) > this.#silentMaxMs || isDown(latest)) return;
    const row = new Float32Array(FEATURE_NAMES.length);
    writeFeatures(this.#history, at, row, 0);
    this.#anchors.push({ at, row });
  }

  /** Rows whose label is known, with the moment of each and the failure it belongs to. */
  labelled(): LabelledRow[] {
    const failures = this.#follower.underService
      ? [...this.#failures, this.#follower.underService]
      : this.#failures;
    return this.#anchors.flatMap(({ at, row }) => {
      const label = labelAt(at, failures, this.#endedAt);
      return label === undefined ? [] : [{ at, row, label, episode: episodeAt(at, failures) }];
    });
  }
}

/**
 * Of so many rows one is as of an ATM that has no peers, so that what is learned holds for those,
 * too.
 */
const ALONE_EVERY = 20;

/** The rows of many ATMs as one matrix, device after device, each held against its peers. */
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
  const around = neighbourhoodsOf(devices);
  let at = 0;
  let episodes = 0;
  for (const [device, rows] of labelled.entries()) {
    let most = -1;
    for (const [index, { at: time, row, label, episode }] of rows.entries()) {
      joined.matrix.set(row, at * columns);
      const own = devices[device]?.statements.get(time);
      if (own && (device + index) % ALONE_EVERY !== 0) {
        const peers = around.get(time)?.around(String(device));
        writeBeside(own, peers, joined.matrix, at * columns + BESIDE_FROM);
      }
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

/** By moment. */
function neighbourhoodsOf(devices: readonly AtmRows[]): Map<number, Neighbourhoods> {
  const members = new Map<number, Member[]>();
  for (const [device, { region, statements }] of devices.entries()) {
    for (const [at, statement] of statements) {
      const member = { device: String(device), region, statement };
      const others = members.get(at);
      if (others) others.push(member);
      else members.set(at, [member]);
    }
  }
  const moments = Array.from(members, ([at, own]) => [at, new Neighbourhoods(own)] as const);
  return new Map(moments);
}

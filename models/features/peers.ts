/**
 * What the ATMs around one are like: those of its region, itself left out.
 *
 * Heat that comes over all of them, or a network that is slow for all of them, is not the decay of
 * one. Only what each had said by the moment of the row counts. Those who never said where they
 * stand are around each other.
 */

/** What an ATM says of itself to those around it, of its last hour. NaN for what is not known. */
export interface Statement {
  /** Means. */
  readonly temperature: number;
  readonly latency: number;
  /** Shares of what it said of its network. */
  readonly unstable: number;
  readonly disconnected: number;
}

/** Medians of means, and means of shares, over those around an ATM. NaN for what is not known. */
export type Peers = Statement;

export interface Member {
  readonly device: string;
  /** Empty where it never said. */
  readonly region: string;
  readonly statement: Statement;
}

/** Fewer of them say nothing about a region. */
const PEERS_MIN = 3;

/** Those of one moment, asked about each of them. */
export class Neighbourhoods {
  readonly #members = new Map<string, Member>();
  readonly #regions = new Map<string, Region>();

  constructor(members: readonly Member[]) {
    for (const member of members) this.#members.set(member.device, member);
    for (const [region, own] of Map.groupBy(members, ({ region }) => region)) {
      this.#regions.set(region, new Region(own.map(({ statement }) => statement)));
    }
  }

  /** Undefined where too few are around it. A device that is not among the members stands apart. */
  around(device: string): Peers | undefined {
    const member = this.#members.get(device);
    return member && this.#regions.get(member.region)?.without(member.statement);
  }
}

class Region {
  readonly #count: number;
  readonly #temperature: Known;
  readonly #latency: Known;
  readonly #unstable: Known;
  readonly #disconnected: Known;

  constructor(statements: readonly Statement[]) {
    this.#count = statements.length;
    this.#temperature = new Known(statements.map(({ temperature }) => temperature));
    this.#latency = new Known(statements.map(({ latency }) => latency));
    this.#unstable = new Known(statements.map(({ unstable }) => unstable));
    this.#disconnected = new Known(statements.map(({ disconnected }) => disconnected));
  }

  without(own: Statement): Peers | undefined {
    if (this.#count <= PEERS_MIN) return undefined;
    return {
      temperature: this.#temperature.medianWithout(own.temperature),
      latency: this.#latency.medianWithout(own.latency),
      unstable: this.#unstable.meanWithout(own.unstable),
      disconnected: this.#disconnected.meanWithout(own.disconnected),
    };
  }
}

/** What is known of a region's values, of which each can be left out. */
class Known {
  readonly #sorted: Float64Array;
  readonly #sum: number;

  constructor(values: readonly number[]) {
    this.#sorted = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
    this.#sum = this.#sorted.reduce((sum, value) => sum + value, 0);
  }

  /** `own` is one of the values. */
  medianWithout(own: number): number {
    const sorted = this.#sorted;
    const place = Number.isNaN(own) ? sorted.length : sorted.indexOf(own);
    const left = sorted.length - Number(place < sorted.length);
    const at = (rank: number) => sorted[rank < place ? rank : rank + 1] as number;
    return left === 0 ? NaN : (at((left - 1) >> 1) + at(left >> 1)) / 2;
  }

  meanWithout(own: number): number {
    const { length } = this.#sorted;
    return Number.isNaN(own) ? this.#sum / length : (this.#sum - own) / (length - 1);
  }
}

type Beside = readonly [name: string, of: (own: Statement, peers: Peers) => number];

const BESIDE: readonly Beside[] = [
  ["temperature_beside_peers", (own, peers) => own.temperature - peers.temperature],
  ["latency_beside_peers", (own, peers) => own.latency / peers.latency],
  ["unstable_beside_peers", (own, peers) => own.unstable - peers.unstable],
  ["peers_disconnected", (_, peers) => peers.disconnected],
];

export const BESIDE_NAMES: readonly string[] = BESIDE.map(([name]) => name);

/** The features an ATM has beside its peers, into a row from a place on; missing without any. */
export function writeBeside(
  own: Statement,
  peers: Peers | undefined,
  into: Float32Array,
  from: number,
): void {
  for (let i = 0; i < BESIDE.length; i++) {
    into[from + i] = peers === undefined ? NaN : (BESIDE[i] as Beside)[1](own, peers);
  }
}

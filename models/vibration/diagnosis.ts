/**
 * Which part of a bearing is damaged, from the spectrum of the envelope.
 *
 * Each part would show as a comb: its frequency and harmonics. What a comb shows is compared twice:
 * with noise (is anything there?) and with combs of the same kind all over the same spectrum (is it
 * *this* frequency?). The second matters as much as the first: a damaged bearing fills its spectrum
 * with lines, the turns of the shaft and their sums and differences with everything else, and some
 * of them fall near any frequency one looks at.
 *
 * A spot on one race strikes at that race's frequency alone. A damaged ball, or one unlike its
 * fellows, meets both: where both races' combs stand out alike, the rolling elements are to blame.
 * Most faint ball faults show in no other way.
 */
import type { FaultOrders } from "./bearing.ts";
import { bestComb, DB, HARMONIC_MAX, heightAtHz, linesOf, SLIP_MAX, usualComb } from "./combs.ts";
import { type EnvelopeSpectrum, envelopeSpectrumOf } from "./envelope.ts";

export const FAULT_NAMES = ["inner", "outer", "ball", "cage", "healthy"] as const;
export type FaultName = (typeof FAULT_NAMES)[number];
export type FaultyPart = Exclude<FaultName, "healthy">;

export interface Fault {
  readonly name: FaultName;
  /** 0 to 1; ½ where another explanation is as good. Not a probability: nothing calibrates it. */
  readonly confidence: number;
  /** What was looked at, the most conspicuous first. */
  readonly evidence: readonly Evidence[];
}

export interface Evidence {
  readonly part: FaultyPart;
  /** From geometry and speed. */
  readonly expectedHz: number;
  /** Where its comb shows best, within the slip that bearings have. */
  readonly foundHz: number;
  /** Mean height of its harmonics above the noise around each. */
  readonly prominenceDb: number;
  /** Height of the side bands at ± the shaft's turns (inner) or the cage's (ball); else null. */
  readonly sideBandsDb: number | null;
  /** Deviations above the median of all combs of its kind in this spectrum. */
  readonly standing: number;
}

const PARTS = ["outer", "inner", "ball", "cage"] as const;

interface Seen extends Evidence {
  /** Height of its second highest harmonic. */
  readonly secondDb: number;
}

/**
 * The harmonics that tell parts apart. As r = d/D is near 0.2 in many bearings, 3 BPFO and 2 BPFI
 * fall together, and so do their doubles: these are left out.
 */
const HARMONICS: Readonly<Record<FaultyPart, readonly number[]>> = {
  outer: [1, 2, 4],
  inner: [1, 3],
  ball: [1, 2, 4],
  cage: [1, 2, 3],
};
/** So many turns blur no line by slip, and leave many parts to average in a recording of seconds. */
const TURNS_PER_PART = 20;

/** A comb is there if it is so far above the noise's mean, and so many of its deviations more. */
const PRESENT_DB = 1.2;
const PRESENT_DEVIATIONS = 2;
/** And is that part's own if it stands out by so much from other combs. */
const OWN = 1;
/** Both races are struck by one cause if both stand out by so much, neither by far the stronger. */
const BOTH_RACES = 0.5;
const ALIKE_DB = 3;

/** Below that many bins a frequency cannot be told from its neighbours. */
const RESOLVED_BINS = 5;

interface Turning {
  readonly sampleRateHz: number;
  readonly rpm: number;
  readonly orders: FaultOrders;
}

/** Undefined where the recording is too short, or sampled too slowly, to tell. */
export function diagnose(samples: Float64Array, turning: Turning): Fault | undefined {
  const { rpm, orders } = turning;
  const shaftHz = rpm / 60;
  const spectrum = faultSpectrumOf(samples, turning);
  if (spectrum === undefined) return undefined;
  if (Math.min(orders.outer, orders.ball) * shaftHz < RESOLVED_BINS * spectrum.binHz) {
    return undefined;
  }
  return nameFault(spectrum, shaftHz, orders);
}

/** The envelope's spectrum, as far as the harmonics of a bearing's parts go. */
export function faultSpectrumOf(
  samples: Float64Array,
  { sampleRateHz, rpm, orders }: Turning,
): EnvelopeSpectrum | undefined {
  const shaftHz = rpm / 60;
  if (!(shaftHz > 0)) return undefined;
  const highest = Math.max(orders.inner, orders.ball) * HARMONIC_MAX * (1 + SLIP_MAX);
  return envelopeSpectrumOf(samples, {
    sampleRateHz,
    highestHz: highest * shaftHz,
    partSeconds: TURNS_PER_PART / shaftHz,
  });
}

function nameFault(spectrum: EnvelopeSpectrum, shaftHz: number, orders: FaultOrders): Fault {
  const lines = linesOf(spectrum, shaftHz);
  const elsewhereHz = elsewhere(orders).map((order) => order * shaftHz);
  // Parts with the same harmonics are held against the same combs.
  const usuals = new Map<string, ReturnType<typeof usualComb>>();
  const seen = PARTS.map((part): Seen => {
    const harmonics = HARMONICS[part];
    const kind = harmonics.join();
    const expectedHz = orders[part] * shaftHz;
    const { hz: foundHz, height, second } = bestComb(lines, expectedHz, harmonics);
    const usual = usuals.get(kind) ?? usualComb(lines, elsewhereHz, harmonics);
    usuals.set(kind, usual);
    const apartHz = part === "inner" ? shaftHz : part === "ball" ? orders.cage * shaftHz : null;
    return {
      part,
      expectedHz,
      foundHz,
      prominenceDb: height * DB,
      sideBandsDb: apartHz === null
        ? null
        : (heightAtHz(lines, foundHz - apartHz) + heightAtHz(lines, foundHz + apartHz)) / 2 * DB,
      standing: (height - usual.middle) / usual.deviation,
      secondDb: second * DB,
    };
  });
  return judge(seen, PRESENT_DEVIATIONS * lines.noise * DB);
}

/** Which explanation is best, and how much better than the next. */
function judge(seen: readonly Seen[], noiseDb: number): Fault {
  const presentDb = PRESENT_DB + noiseDb;
  const ranked = seen.toSorted((a, b) => b.standing - a.standing);
  const evidence = ranked.map(({ secondDb: _, ...evidence }) => evidence);
  const present = seen.filter(({ prominenceDb }) => prominenceDb >= presentDb);
  // One line makes no comb: it may be a harmonic of anything.
  const combs = present.filter(({ secondDb }) => secondDb >= noiseDb);
  const standings = new Map(combs.map(({ part, standing }) => [part, standing]));
  const [outer, inner] = present.filter(({ part, standing }) =>
    (part === "outer" || part === "inner") && standing >= BOTH_RACES
  );
  if (outer && inner && Math.abs(outer.prominenceDb - inner.prominenceDb) <= ALIKE_DB) {
    const both = outer.standing + inner.standing;
    standings.set("ball", Math.max(standings.get("ball") ?? 0, both));
  }
  const [best, next] = [...standings].toSorted(([, a], [, b]) => b - a);
  if (best && best[1] >= OWN) {
    const confidence = 1 - Math.max(next?.[1] ?? 0, OWN) / (2 * best[1]);
    return { name: best[0], confidence, evidence };
  }
  const highestDb = Math.max(...evidence.map(({ prominenceDb }) => prominenceDb));
  const confidence = 1 - Math.min(1, highestDb / presentDb) / 2;
  return { name: "healthy", confidence, evidence };
}

/** Fundamentals all over the range in which faults lie. */
function elsewhere({ ball, inner, outer }: FaultOrders): number[] {
  const orders: number[] = [];
  const last = inner * 1.3;
  for (let order = Math.min(ball, outer) / 2; order < last; order *= 1.018) orders.push(order);
  return orders;
}

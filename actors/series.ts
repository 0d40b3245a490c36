/**
 * A sensor's models: numbered in the order of their fits, and the same fit is never made twice.
 *
 * Whoever orders a fit looks first whether its model exists; here only those who ordered the same
 * at once still meet. So the latest fits are enough to remember.
 */
import { fitKey, type FitSeriesModel, modelVersionOf, type SeriesEvent } from "../events/series.ts";
import type { DeviceEvent } from "../events/device.ts";
import type { Event } from "../events/event.ts";
import type { Json } from "../events/vocabulary.ts";
import type { CommandInput } from "./decider.ts";

/** What a sensor's actor remembers of its fits. */
export interface Fits {
  /** Models so far; the newest is the version of this number. */
  count: number;
  /** What the latest fits were of, oldest first. */
  readonly recent: string[];
}

export const RECENT_FITS = 64;

export function decideFit(
  { known, fits }: { readonly known: boolean; readonly fits?: Fits | undefined },
  { id, data, at }: CommandInput,
): readonly (DeviceEvent | SeriesEvent)[] {
  const { sample, ...model } = data as FitSeriesModel;
  if (fits?.recent.includes(fitKey(model))) return [];
  const modelVersion = modelVersionOf((fits?.count ?? 0) + 1);
  const events: (DeviceEvent | SeriesEvent)[] = [
    { type: "SeriesModelFitted", data: { modelVersion, ...model }, occurredAt: at },
    { type: "TrainingSampleKept", data: { modelVersion, ...sample }, occurredAt: at },
  ];
  // A series may have a model before its sensor has ever spoken.
  if (!known) {
    events.unshift({ type: "DeviceRegistered", data: { kind: "sensor", id }, occurredAt: at });
  }
  return events;
}

export function noteFit(
  state: { fits?: Fits | undefined },
  { type, data }: Event<string, Json>,
): void {
  if (type !== "SeriesModelFitted") return;
  const fits = state.fits ??= { count: 0, recent: [] };
  fits.count++;
  fits.recent.push(fitKey(data as FitSeriesModel));
  if (fits.recent.length > RECENT_FITS) fits.recent.shift();
}

/** The spectrum of a machine's reading: from its samples, else as the sender had it. */
import { z } from "@hono/zod-openapi";
import type { RecordedEvent } from "../events/event.ts";
import type { Sql } from "../events/log/database.ts";
import { readWaveformOf, type StoredWaveform } from "../events/log/waveforms.ts";
import type { Json } from "../events/vocabulary.ts";
import type { Analyst } from "../models/waveforms/analyst.ts";
import { readVibration } from "../projections/vibration.ts";

export const SpectrumJson = z.object({
  frequencies: z.array(z.number()),
  amplitudes: z.array(z.number()),
  dominantFrequency: z.number().nullable(),
}).openapi("Spectrum");
export type SpectrumJson = z.infer<typeof SpectrumJson>;

/** The samples of a reading, as long as they are kept. */
export async function samplesOf(
  sql: Sql,
  { stream, data }: RecordedEvent,
): Promise<StoredWaveform | undefined> {
  const { sha256 } = (data.waveform ?? {}) as { sha256?: unknown };
  return typeof sha256 === "string" ? await readWaveformOf(sql, stream, sha256) : undefined;
}

/** In g, from the samples themselves; undefined where that cannot be. */
export async function spectrumOfSamples(
  analyst: Analyst,
  samples: StoredWaveform | undefined,
  reading: RecordedEvent,
): Promise<SpectrumJson | undefined> {
  const lines = samples && await analyst.spectrum(samples);
  return lines && { ...lines, dominantFrequency: readVibration(reading).dominant_hz };
}

/** The lines of a spectrum as they were sent; undefined where there are none. */
export function spectrumIn({ fftData, reported }: Json): SpectrumJson | undefined {
  const { frequencies, amplitudes, dominantFrequency = null } = {
    ...(reported as Json | undefined)?.fftData as Json | undefined,
    ...fftData as Json | null,
  } as Partial<SpectrumJson>;
  if (!Array.isArray(frequencies) || !Array.isArray(amplitudes)) return undefined;
  return { frequencies, amplitudes, dominantFrequency };
}

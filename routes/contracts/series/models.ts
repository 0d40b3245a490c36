/** Which model a question means. */
import { DEVICE_ID } from "../../../events/vocabulary.ts";
import type { SeriesModel, SeriesModels } from "../../../projections/series_models.ts";
import { invalid, ProblemError } from "../../problem.ts";

/** Throws ProblemError: 422 for a name no series can have. */
export function checkSeriesId(seriesId: string): void {
  if (DEVICE_ID.test(seriesId)) return;
  throw invalid("path", "series_id", `expected 1 to 64 letters, digits, "_", ":" or "-"`);
}

/** The newest, or the one named. Throws ProblemError: 404 where there is none. */
export function modelOf(
  models: SeriesModels,
  seriesId: string,
  modelVersion: string | undefined,
): SeriesModel {
  const model = models.find(seriesId, modelVersion);
  if (model !== undefined) return model;
  checkSeriesId(seriesId);
  const newest = models.find(seriesId);
  if (newest === undefined) {
    throw new ProblemError(404, "series-unknown", `No model of series "${seriesId}" was fitted`);
  }
  throw new ProblemError(
    404,
    "version-unknown",
    `Series "${seriesId}" has no model "${modelVersion}": its newest is ${newest.modelVersion}`,
  );
}

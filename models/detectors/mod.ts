/** The door to the detectors. `ensemble.start()` watches one series; it is the default. */
import type { DetectorKind } from "./detector.ts";
import { ensemble } from "./ensemble.ts";
import { flatLine } from "./flat_line.ts";
import { level } from "./level.ts";
import { restlessness } from "./restlessness.ts";
import { robustZ } from "./robust_z.ts";
import { season } from "./season.ts";
import { spike } from "./spike.ts";
import { threeSigma } from "./three_sigma.ts";
import { unfamiliar } from "./unfamiliar.ts";

export { Alarm } from "./alarm.ts";
export { ALARM, type Detector, type DetectorKind, type Judgement, VALUE_MAX } from "./detector.ts";
export { Ensemble, ensemble, type Opinion, type Verdict } from "./ensemble.ts";
export { type Episode, followEpisode, type Scored, type Turn } from "./episode.ts";
export { severityOf } from "./severity.ts";

/** Every detector there is, the default first. */
export const DETECTORS: readonly DetectorKind[] = [
  ensemble,
  unfamiliar,
  season,
  level,
  restlessness,
  robustZ,
  threeSigma,
  spike,
  flatLine,
];

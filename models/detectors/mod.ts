/** The door to the detectors. `ensemble.start()` watches one series; it is the default. */
export { ALARM, type Detector, type DetectorKind, type Judgement } from "./detector.ts";
export { Ensemble, ensemble, type Opinion, type Verdict } from "./ensemble.ts";
export { type Episode, followEpisode, type Scored, type Turn } from "./episode.ts";
export { severityOf } from "./severity.ts";

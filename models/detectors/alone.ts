/** A detector by itself on a series: to be judged, and to be compared with the ensemble. */
import type { Detector, Judge, Judgement, MemberKind } from "./detector.ts";
import { type SavedSeries, Series, Workshop } from "./series.ts";

class Alone implements Detector {
  readonly #series: Series<Judge>;

  constructor(series: Series<Judge>) {
    this.#series = series;
  }

  update(value: number, at: number): Judgement {
    const judgement = this.#series.layOut().update(value, at);
    this.#series.takeBack();
    return judgement;
  }

  toJSON(): SavedSeries {
    return this.#series.toJSON();
  }
}

export function alone(kind: Pick<MemberKind, "name" | "looksFor" | "equip">): MemberKind {
  const workshop = new Workshop(kind.equip);
  return {
    ...kind,
    start: (saved) => new Alone(new Series(workshop, saved as SavedSeries | undefined)),
  };
}

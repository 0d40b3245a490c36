/**
 * A series: what its detectors know of it. It begins small, because most of a fleet's series are
 * short, and grows by halves until it holds as much past as is ever kept.
 */
import { lay, Layout } from "./workbench.ts";

/** Readings for which there is room at first; and from where on more readings need no more. */
const ROOM_FIRST = 16;
const ROOM_LAST = 4_096;
const GROWTH = 1.5;

/** Detectors, set up for all series of a size. */
interface Place<Tools> {
  readonly layout: Layout;
  readonly tools: Tools;
  readonly take: (memory: Float64Array) => void;
}

/** Detectors of one kind, set up for series of every size. */
export class Workshop<Tools> {
  readonly #equip: (layout: Layout) => Tools;
  readonly #places = new Map<number, Place<Tools>>();

  constructor(equip: (layout: Layout) => Tools) {
    this.#equip = equip;
  }

  /** For series with so many readings. */
  placeFor(readings: number): Place<Tools> {
    let room = ROOM_FIRST;
    while (room < readings) room = Math.min(ROOM_LAST, Math.floor(GROWTH * room));
    let place = this.#places.get(room);
    if (place === undefined) {
      const layout = new Layout(room);
      const tools = this.#equip(layout);
      place = { layout, tools, take: layout.taker() };
      this.#places.set(room, place);
    }
    return place;
  }
}

export interface SavedSeries {
  /** So far, as far as it matters. */
  readonly readings: number;
  readonly memory: string;
}

export class Series<Tools> {
  readonly #workshop: Workshop<Tools>;
  #place: Place<Tools>;
  #memory: Float64Array<ArrayBuffer>;
  #readings: number;

  constructor(workshop: Workshop<Tools>, saved?: SavedSeries) {
    this.#workshop = workshop;
    this.#readings = saved?.readings ?? 0;
    this.#place = workshop.placeFor(this.#readings);
    const { layout } = this.#place;
    this.#memory = saved ? layout.restore(saved.memory) : layout.newMemory();
  }

  /** Lays the series out for its next reading; what the tools know of it then is as it was left. */
  layOut(): Tools {
    if (this.#readings < ROOM_LAST) {
      if (this.#readings === this.#place.layout.readings) this.#grow();
      this.#readings++;
    }
    lay(this.#memory);
    return this.#place.tools;
  }

  takeBack(): void {
    this.#place.take(this.#memory);
  }

  #grow(): void {
    const { layout } = this.#place;
    this.#place = this.#workshop.placeFor(this.#readings + 1);
    this.#memory = layout.enlarge(this.#memory, this.#place.layout);
  }

  toJSON(): SavedSeries {
    return { readings: this.#readings, memory: this.#place.layout.save(this.#memory) };
  }
}

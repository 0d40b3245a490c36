/**
 * Where detectors work. What they know of a series is one piece of ordinary memory, gone when
 * nobody knows the series any more; for each reading it is laid here and taken back (`series.ts`).
 * Here it is where WebAssembly reaches it, and the detectors, made once for all series of a size,
 * find everything in its place. There is one workbench, for one series at a time.
 */
import { memory } from "./inner_loops.wasm";

/** In bytes: lags that were found near, a list that nobody keeps. */
export const NEAR_AT = 0;
const SERIES_AT = 8 * 1024;

export const near = new Int32Array(memory.buffer, NEAR_AT, (SERIES_AT - NEAR_AT) / 4);
/** What is known of the series that is being worked on. */
const place = new Float64Array(memory.buffer, SERIES_AT);

/** What outlives the process; or is made anew from that. */
type Fate = "saved" | "derived";

/** Where one thing that is known of a series lies, in bytes from where the series begins. */
interface Section {
  readonly at: number;
  readonly bytes: number;
  readonly fate: Fate;
  /** It is filled from its end, and so grows there. */
  readonly fromEnd: boolean;
  /** It, while the series is on the workbench. */
  readonly laid: Uint8Array;
}

/**
 * How what is known of a series lies on the workbench, for series of up to `readings` readings:
 * each detector asks for what it needs for so many, always in the same order, and gets it as it
 * was left there by the reading before. A new series is all zeroes.
 */
export class Layout {
  readonly readings: number;
  readonly #sections: Section[] = [];
  #bytes = 0;

  constructor(readings: number) {
    this.readings = readings;
  }

  doubles(length: number, fate: Fate = "saved"): Float64Array {
    return new Float64Array(memory.buffer, this.#take({ bytes: 8 * length, fate }), length);
  }

  singles(length: number, fate: Fate = "saved"): Float32Array {
    return new Float32Array(memory.buffer, this.#take({ bytes: 4 * length, fate }), length);
  }

  singlesFromEnd(length: number): Float32Array {
    return new Float32Array(
      memory.buffer,
      this.#take({ bytes: 4 * length, fromEnd: true }),
      length,
    );
  }

  integers(length: number, fate: Fate = "saved"): Int32Array {
    return new Int32Array(memory.buffer, this.#take({ bytes: 4 * length, fate }), length);
  }

  bytes(length: number): Uint8Array {
    return new Uint8Array(memory.buffer, this.#take({ bytes: length }), length);
  }

  #take(
    { bytes, fate = "saved", fromEnd = false }: Partial<Section> & Pick<Section, "bytes">,
  ): number {
    const at = this.#bytes;
    const laid = new Uint8Array(memory.buffer, SERIES_AT + at, bytes);
    this.#sections.push({ at, bytes, fate, fromEnd, laid });
    this.#bytes += 8 * Math.ceil(bytes / 8);
    return SERIES_AT + at;
  }

  /** The memory of a new series. */
  newMemory(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#bytes / 8);
  }

  /** What takes what lies on the workbench back to memory that was laid there. */
  taker(): (memory: Float64Array) => void {
    const all = place.subarray(0, this.#bytes / 8);
    return (memory) => memory.set(all);
  }

  /**
   * Memory that is laid out like this, as a larger layout of the same detectors has it. The smaller
   * is free at once: a whole fleet may grow before somebody collects what nobody needs.
   */
  enlarge(memory: Float64Array<ArrayBuffer>, larger: Layout): Float64Array<ArrayBuffer> {
    lay(memory);
    memory.buffer.transfer(0);
    const enlarged = larger.newMemory();
    const to = new Uint8Array(enlarged.buffer);
    for (let i = 0; i < this.#sections.length; i++) {
      const { bytes, fromEnd, laid } = this.#sections[i] as Section;
      const section = larger.#sections[i] as Section;
      to.set(laid, fromEnd ? section.at + section.bytes - bytes : section.at);
    }
    return enlarged;
  }

  save(memory: Float64Array): string {
    const saved = this.#savedSections();
    const bytes = new Uint8Array(saved.reduce((sum, { bytes }) => sum + bytes, 0));
    let end = 0;
    for (const section of saved) {
      bytes.set(new Uint8Array(memory.buffer, section.at, section.bytes), end);
      end += section.bytes;
    }
    return bytes.toBase64();
  }

  restore(text: string): Float64Array<ArrayBuffer> {
    const bytes = Uint8Array.fromBase64(text);
    const memory = this.newMemory();
    const to = new Uint8Array(memory.buffer);
    let from = 0;
    for (const section of this.#savedSections()) {
      to.set(bytes.subarray(from, from + section.bytes), section.at);
      from += section.bytes;
    }
    if (from !== bytes.length) {
      throw new RangeError(
        `Cannot restore a series of ${this.readings} readings: expected ${from} bytes, found ${bytes.length}`,
      );
    }
    return memory;
  }

  #savedSections(): Section[] {
    return this.#sections.filter(({ fate }) => fate === "saved");
  }
}

/** Lays what is known of a series on the workbench. */
export function lay(memory: Float64Array): void {
  place.set(memory);
}

/** How far long work is, on standard error: one rewriting line for a person, else a line now and then. */

const encoder = new TextEncoder();

export interface Progress {
  /** Shows this text if it is time to; the text is only made then. */
  show(text: () => string): void;
  /** Takes the line away, so that what follows stands alone. */
  end(): void;
}

export function startProgress(): Progress {
  const rewriting = Deno.stderr.isTerminal();
  const everyMs = rewriting ? 200 : 5_000;
  let shownAt = performance.now();
  return {
    show(text) {
      const now = performance.now();
      if (now - shownAt < everyMs) return;
      shownAt = now;
      write(rewriting ? `\r\x1b[K${text()}` : `${text()}\n`);
    },
    end() {
      if (rewriting) write("\r\x1b[K");
    },
  };
}

/** `1,234,567 of 2,000,000 events (61 %), 410,000/s`. */
export function progressText(done: number, total: number, noun: string, seconds: number): string {
  const share = total > 0 ? ` (${Math.floor((100 * done) / total)} %)` : "";
  return `${count(done)} of ${count(total)} ${noun}${share}, ${count(rate(done, seconds))}/s`;
}

export function rate(done: number, seconds: number): number {
  return Math.round(done / Math.max(seconds, 0.001));
}

/** A number as people read it: `1,234,567`. */
export function count(number: number): string {
  return number.toLocaleString("en-US");
}

function write(text: string): void {
  Deno.stderr.writeSync(encoder.encode(text));
}

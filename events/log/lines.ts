/**
 * COPY lines as the bytes they are sent as. A batch's lines become bytes some at a time: as texts,
 * put together of many pieces, they would outlive the collector's first rounds and be copied there.
 */

export interface Lines {
  add(line: string): void;
  /** All of them, to be handed over; nothing can be added afterwards. */
  bytes(): Uint8Array<ArrayBuffer>;
}

const AT_ONCE = 32;
/** UTF-16 units become at most so many bytes each. */
const BYTES_MAX = 3;

const encoder = new TextEncoder();

export function createLines(): Lines {
  let buffer = new Uint8Array(0);
  let used = 0;
  let waiting: string[] = [];

  function flush(): void {
    const text = waiting.join("");
    waiting = [];
    const room = used + text.length * BYTES_MAX;
    if (buffer.length < room) grow(room);
    used += encoder.encodeInto(text, buffer.subarray(used)).written;
  }

  function grow(room: number): void {
    buffer = new Uint8Array(buffer.buffer.transfer(Math.max(2 * buffer.length, room)));
  }

  return {
    add(line) {
      waiting.push(line);
      if (waiting.length === AT_ONCE) flush();
    },
    bytes() {
      if (waiting.length > 0) flush();
      return new Uint8Array(buffer.buffer.transfer(used));
    },
  };
}

/**
 * What goes wrong between a device and us: repeats, late arrivals, and bodies that make no sense.
 *
 * Late and repeated messages come later in the order of time, unchanged. A spoiled one stands in
 * for a message that arrives as well, whole, so nothing a device said is missing.
 */
import type { SimulatedMessage } from "./fleet.ts";
import { createQueue } from "./queue.ts";
import { createRandom, type Random } from "./random.ts";
import { MINUTE_MS, SECOND_MS } from "./rhythm.ts";

const REPEAT_CHANCE = 0.002;
const LATE_CHANCE = 0.003;
const SPOILED_CHANCE = 0.0005;

export function* withMischief(
  messages: Iterable<SimulatedMessage>,
  seed: string,
): Generator<SimulatedMessage> {
  const random = createRandom(`${seed} mischief`);
  const delayed = createQueue<SimulatedMessage>();

  for (const message of messages) {
    while (delayed.nextDueAt() <= message.at) {
      const due = delayed.take();
      if (due) yield due;
    }
    if (random.chance(LATE_CHANCE)) {
      delay(message, random.between(5 * SECOND_MS, 2 * MINUTE_MS));
      continue;
    }
    yield message;
    if (random.chance(REPEAT_CHANCE)) delay(message, random.between(SECOND_MS, 10 * MINUTE_MS));
    if (random.chance(SPOILED_CHANCE)) yield* spoil(message, random);
  }

  function delay(message: SimulatedMessage, byMs: number): void {
    const at = message.at + byMs;
    delayed.add(at, { ...message, at });
  }
}

const encoder = new TextEncoder();

/** Ways in which real devices have sent nonsense. */
const SPOILERS: readonly [(text: string) => Uint8Array, ...((text: string) => Uint8Array)[]] = [
  () => new Uint8Array(),
  (text) => encoder.encode(text.slice(0, Math.floor(text.length * 0.6))),
  (text) =>
    encoder.encode(text.replace(/"timestamp":"[^"]*"/, '"timestamp":"1970-01-01T00:00:07Z"')),
  (text) =>
    encoder.encode(
      text.replace(/"status":"[^"]*"/, '"status":"ok?"').replace(
        /"value":/,
        '"value":"n/a","was":',
      ),
    ),
  // A byte that UTF-8 does not know, as from a device that writes Latin-1.
  (text) =>
    Uint8Array.from([
      ...encoder.encode(text.slice(0, 12)),
      0xff,
      ...encoder.encode(text.slice(12)),
    ]),
];

/** Only reports: what is said once, when a device is put into service, is said with care. */
function* spoil(message: SimulatedMessage, random: Random): Generator<SimulatedMessage> {
  const text = new TextDecoder().decode(message.payload);
  if (!text.includes('"timestamp":')) return;
  const payload = random.pick(SPOILERS)(text);
  yield { ...message, payload, messageId: `${message.messageId}:spoiled` };
}

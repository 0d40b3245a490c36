/**
 * Publishes part of the bench fleet's messages as fast as the broker stores them; a process of its
 * own, as devices are. Says when its messages are made, and publishes them when it is sent a line.
 * Arguments: url first count devices startAt stepMs seed.
 */
import { connectBus } from "../events/bus/connection.ts";
import { managerOf, streamInfo } from "../events/bus/stream.ts";
import { messageAt, randomFrom } from "./fleet.ts";

const [url = "", ...numbers] = Deno.args;
const [first = 0, count = 0, devices = 1, startAt = 0, stepMs = 1000, seed = 1] = numbers.map(
  Number,
);

const connection = await connectBus(url, "bench publisher");
const manager = await managerOf(connection);
const random = randomFrom(seed + first);
const encoder = new TextEncoder();

// Made beforehand: devices bring their own processors, this machine's are being measured.
const messages = Array.from({ length: count }, (_, i) => {
  const { subject, payload } = messageAt(first + i, { devices, startAt, stepMs, random });
  return { subject, payload: encoder.encode(payload) };
});
Deno.stdout.writeSync(encoder.encode("made\n"));
await Deno.stdin.read(new Uint8Array(8));
const before = (await streamInfo(manager))?.state.last_seq ?? 0;
for (const [index, { subject, payload }] of messages.entries()) {
  connection.publish(subject, payload);
  // Keep the socket's buffer short; the broker's own pace is what is being used.
  if (index % 1_000 === 999) await connection.flush();
}
await connection.flush();
for (;;) {
  const stored = ((await streamInfo(manager))?.state.last_seq ?? 0) - before;
  if (stored >= count) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await connection.close();

/**
 * Publishes the bench fleet's messages at a steady pace, each acknowledged by JetStream; a process
 * of its own, as devices are. Arguments: url rate seconds devices seed. Prints what it did as JSON.
 *
 * A message's own field `due_at` says when it was due, in ms: whoever measures from there sees the
 * publisher's delays as well, so a stall anywhere cannot hide the messages it held up.
 */
import { createInbox } from "@nats-io/transport-node";
import { connectBus } from "../events/bus/connection.ts";
import { messageAt, randomFrom } from "./fleet.ts";
import { wallClock } from "./steady.ts";

const [url = "", ...numbers] = Deno.args;
const [rate = 1, seconds = 1, devices = 1, seed = 1] = numbers.map(Number);

const connection = await connectBus(url, "bench publisher");
const random = randomFrom(seed);
const encoder = new TextEncoder();
const count = rate * seconds;
const startAt = wallClock();
const fleet = { devices, startAt, stepMs: devices / rate * 1000, random };

// One subscription takes all acknowledgements: a request with a timer for each would cost more here
// than what is being measured.
const inbox = createInbox();
let acknowledged = 0;
let failed = 0;
connection.subscribe(inbox, {
  callback(_error, message) {
    if (message.string().includes('"error"')) failed++;
    else acknowledged++;
  },
});

for (let index = 0; index < count;) {
  const due = Math.floor((wallClock() - startAt) / 1000 * rate);
  for (; index <= due && index < count; index++) {
    const { subject, payload } = messageAt(index, fleet);
    const dueAt = startAt + index / rate * 1000;
    const body = encoder.encode(`${payload.slice(0, -1)},"due_at":${dueAt}}`);
    connection.publish(subject, body, { reply: inbox });
  }
  await pause(1);
}
await answered();
await connection.close();
Deno.stdout.writeSync(encoder.encode(JSON.stringify({ count, failed, startAt })));

/** Waits for the acknowledgements; those that have not come when nothing comes any more, failed. */
async function answered(): Promise<void> {
  for (let seen = -1; acknowledged + failed > seen && seen < count;) {
    seen = acknowledged + failed;
    for (let turn = 0; turn < 100 && acknowledged + failed < count; turn++) await pause(100);
  }
  failed = count - acknowledged;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

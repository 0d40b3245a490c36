/** A live feed as Server-Sent Events. */
import { sse } from "./encoding.ts";
import { ReaderGoneError, type Receiver, TOO_SLOW, WAITING_BYTES_MAX } from "./follow.ts";

const RECONNECT_MS = 2_000;

export const SSE_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // Proxies would otherwise wait for more before they pass anything on.
  "x-accel-buffering": "no",
};

/** The answer, with its head and a first line at once; `start` is called when somebody reads. */
export function sseResponse(start: (receiver: Receiver) => Promise<() => void>): Response {
  let stop: (() => void) | undefined;
  let gone = false;
  let wake: (() => void) | undefined;

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const receiver: Receiver = {
        send(chunk) {
          if (gone) return;
          controller.enqueue(chunk as Uint8Array);
          if ((controller.desiredSize ?? 0) <= 0) {
            receiver.end(...TOO_SLOW);
          }
        },
        end(code, reason) {
          if (gone) return;
          leave();
          controller.enqueue(sse.ended(code, reason) as Uint8Array);
          controller.close();
        },
        async room() {
          while (!gone && (controller.desiredSize ?? 0) < WAITING_BYTES_MAX / 2) {
            await new Promise<void>((resolve) => wake = resolve);
          }
          if (gone) throw new ReaderGoneError("the reader has gone away");
        },
      };
      controller.enqueue(new TextEncoder().encode(`: live\nretry: ${RECONNECT_MS}\n\n`));
      start(receiver).then((stopping) => gone ? stopping() : stop = stopping);
    },
    pull: () => wake?.(),
    cancel: leave,
  }, new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES_MAX }));

  function leave(): void {
    gone = true;
    stop?.();
    wake?.();
  }

  return new Response(body, { headers: SSE_HEADERS });
}

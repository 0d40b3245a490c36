/** A live feed over a WebSocket. */
import type { Context } from "hono";
import { ProblemError } from "../problem.ts";
import { webSocket } from "./encoding.ts";
import { ReaderGoneError, type Receiver, TOO_SLOW, WAITING_BYTES_MAX } from "./follow.ts";

const ROOM_LOOK_MS = 20;

/** Told to come back, in WebSocket's own numbers: "try again later" and "going away". */
const CLOSE_CODES: Readonly<Record<string, number>> = { "too-slow": 1013, "closing": 1001 };

export interface Talk {
  /** Told what the reader says, other than "ping". */
  hear?(said: unknown, receiver: Receiver): void;
  /** Called once, when the reader has gone or was sent away. */
  left?(): void;
}

export function webSocketResponse(
  request: Request,
  start: (receiver: Receiver) => Promise<() => void>,
  { hear, left }: Talk = {},
): Response {
  const { socket, response } = upgrade(request);
  let stop: (() => void) | undefined;
  let gone = false;

  const receiver: Receiver = {
    send(chunk) {
      if (gone) return;
      for (const text of chunk as string[]) socket.send(text);
      if (socket.bufferedAmount > WAITING_BYTES_MAX) receiver.end(...TOO_SLOW);
    },
    end(code, reason) {
      if (gone) return;
      leave();
      for (const text of webSocket.ended(code, reason) as string[]) socket.send(text);
      socket.close(CLOSE_CODES[code] ?? 1011, code);
    },
    async room() {
      while (!gone && socket.bufferedAmount > WAITING_BYTES_MAX / 2) {
        await new Promise((resolve) => setTimeout(resolve, ROOM_LOOK_MS));
      }
      if (gone) throw new ReaderGoneError("the reader has gone away");
    },
  };

  function leave(): void {
    if (!gone) left?.();
    gone = true;
    stop?.();
  }

  socket.onopen = () => {
    start(receiver).then((stopping) => gone ? stopping() : stop = stopping);
  };
  socket.onmessage = ({ data }) => {
    if (gone) return;
    if (data === "ping") socket.send(JSON.stringify({ type: "pong" }));
    else hear?.(data, receiver);
  };
  socket.onclose = leave;
  socket.onerror = leave;
  return response;
}

export function wantsWebSocket(c: Context): boolean {
  return c.req.header("upgrade")?.toLowerCase() === "websocket";
}

/** Throws ProblemError where the request is no handshake. */
export function upgrade(request: Request, protocol = ""): Deno.WebSocketUpgrade {
  try {
    return Deno.upgradeWebSocket(request, { protocol });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ProblemError(400, "bad-upgrade", `This is no WebSocket handshake: ${error.message}`);
  }
}

/** A plant's server as the contract has it, over real HTTP, that misbehaves when told to. */
import type { Json } from "../../events/vocabulary.ts";

export type Fault = "error" | "slow" | "not-json" | "gone";

export interface MachineSource {
  readonly url: string;
  /** Questions it was asked, as `POST /Data M1 DE H-Axis OFFLINE`. */
  readonly asked: string[];
  /** How the next so many answers to questions that begin so go wrong. */
  fail(question: string, fault: Fault, times: number): void;
  close(): Promise<void>;
}

export interface Plant {
  /** By date. */
  readonly machines: Readonly<Record<string, readonly Json[]>>;
  /** By machine. */
  readonly bearings: Readonly<Record<string, readonly Json[]>>;
  data(question: Json): Json | undefined;
}

export function startMachineSource(plant: Plant): MachineSource {
  const asked: string[] = [];
  const faults: { question: string; fault: Fault; times: number }[] = [];
  const stopping = new AbortController();

  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const body: Json = request.method === "POST" ? await request.json() : {};
    const told = request.method === "POST" ? Object.values(body) : [searchParams.get("machineId")];
    const question = [request.method, pathname, ...told].join(" ");
    asked.push(question);
    const due = faults.find((one) => one.times > 0 && question.startsWith(one.question));
    if (due) {
      due.times--;
      if (due.fault === "error") return new Response("no", { status: 500 });
      if (due.fault === "gone") return new Response("no", { status: 410 });
      if (due.fault === "not-json") return new Response("<html>");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 60_000);
        for (const signal of [request.signal, stopping.signal]) {
          signal.addEventListener("abort", () => (clearTimeout(timer), resolve()));
        }
      });
    }
    if (pathname === "/Machine") return Response.json(plant.machines[String(body.date)] ?? []);
    if (pathname === "/Bearing") {
      return Response.json(plant.bearings[searchParams.get("machineId") ?? ""] ?? []);
    }
    const data = plant.data(body);
    return data === undefined ? new Response(null, { status: 404 }) : Response.json(data);
  }

  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    fail: (question, fault, times) => void faults.push({ question, fault, times }),
    async close() {
      stopping.abort();
      await server.shutdown();
    },
  };
}

/** Whether a broker still does what it is there for. */
import { connectBus } from "../events/bus/connection.ts";

/** A broker under load answers late; one that has lost its disk, never. */
const ANSWER_MS = 2_000;

/**
 * A nats-server whose disk was full goes on without JetStream until it is started again: it takes
 * connections and passes messages, and stores none.
 */
export async function jetStreamAnswers(url: string): Promise<boolean> {
  try {
    const connection = await connectBus(url, "health");
    try {
      const info = await connection.request("$JS.API.INFO", "", { timeout: ANSWER_MS });
      return info.json<{ error?: unknown }>().error === undefined;
    } finally {
      await connection.close();
    }
  } catch {
    return false; // Why is in its log; that it does not answer is what matters here.
  }
}

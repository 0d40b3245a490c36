/**
 * Asks over HTTP at a steady pace, whether or not earlier questions were answered, as many browsers
 * do. A question counts from when it was due, so one slow answer cannot hide those behind it.
 */
import { wallClock } from "./steady.ts";

const PER_SECOND = 20;

export interface Answered {
  readonly question: string;
  readonly afterSeconds: number;
  /** From when it was due until the last byte of the answer. */
  readonly ms: number;
}

/** Asks each question in turn, for so long. */
export async function askSteadily(
  api: string,
  questions: readonly string[],
  seconds: number,
): Promise<Answered[]> {
  const startAt = wallClock();
  const answers: Promise<Answered>[] = [];
  for (let index = 0; index < seconds * PER_SECOND; index++) {
    const afterSeconds = index / PER_SECOND;
    const dueAt = startAt + afterSeconds * 1000;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt - wallClock())));
    const question = questions[index % questions.length] ?? "";
    const answer = ask(`${api}${question}`).then(() => ({
      question,
      afterSeconds,
      ms: wallClock() - dueAt,
    }));
    answer.catch(() => {}); // Seen below, when all are asked.
    answers.push(answer);
  }
  return await Promise.all(answers);
}

async function ask(url: string): Promise<void> {
  const response = await fetch(url);
  const { byteLength } = await response.arrayBuffer();
  if (response.ok && byteLength > 0) return;
  throw new Error(`Cannot ask ${url}: status ${response.status}, ${byteLength} bytes`);
}

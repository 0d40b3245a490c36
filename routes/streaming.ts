/** Answers of any length, made as fast as they are taken and no faster. */

const encoder = new TextEncoder();

/**
 * The texts as one body. Waits for the first, so that what fails at once is answered as an error;
 * what fails later cuts the connection, and a client cannot take the part for the whole.
 */
export async function streamText(
  texts: AsyncGenerator<string>,
  stopping: AbortSignal,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  let ahead: IteratorResult<string> | undefined = await texts.next();
  return new ReadableStream({
    async pull(controller) {
      stopping.throwIfAborted();
      const { done, value } = ahead ?? await texts.next();
      ahead = undefined;
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await texts.return(undefined);
    },
  }, { highWaterMark: 1 });
}

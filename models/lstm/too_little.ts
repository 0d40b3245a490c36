/** There is not enough to learn from; the message says what there is and what is needed. */
export class TooLittleDataError extends Error {
  override readonly name = "TooLittleDataError";
}

/** How much a forecaster is trained on. Here, so that asking needs no TensorFlow.js. */

export const READINGS_MIN = 500;
/** Older readings are left out: what a series did long ago tells less, and costs as much. */
export const READINGS_MAX = 20_000;
/** Windows without a gap. */
export const WINDOWS_MIN = 300;

/** Times the training part is gone through: by default, and at the user's wish. */
export const EPOCHS_MAX = 20;
export const EPOCHS_LIMIT = 200;

/** There is not enough to learn from; the message says what there is and what is needed. */
export class TooLittleDataError extends Error {
  override readonly name = "TooLittleDataError";
}

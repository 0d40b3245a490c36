/** A failure model as it is kept: trees, calibration and card in one ONNX file. */
import { sha256Of } from "../sha256.ts";
import { type TreeModel, writeModel } from "../trees/model.ts";
import type { FailureCard } from "./card.ts";

/** A card with its model's name, which the file itself cannot have in it. */
export interface NamedCard extends FailureCard {
  /** Of the file's bytes. */
  readonly sha256: string;
}

export interface FailureFile {
  readonly onnx: Uint8Array<ArrayBuffer>;
  readonly card: NamedCard;
}

/** The same model and card always give the same bytes. */
export async function fileOf(model: TreeModel, card: FailureCard): Promise<FailureFile> {
  const onnx = writeModel(model, card);
  return { onnx, card: { ...card, sha256: await sha256Of(onnx) } };
}

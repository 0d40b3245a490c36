/** The thread trees are grown on: seconds to minutes during which nothing may wait for it. */
import type { TreeParameters } from "./parameters.ts";
import {
  type Examples,
  growForest,
  type GrownForest,
  type Stopping,
  type TreeProgress,
} from "./train.ts";

export interface ToGrowing {
  readonly examples: Examples;
  readonly parameters: TreeParameters;
  readonly stopping: Stopping | undefined;
}

export type FromGrowing =
  | { readonly type: "progress"; readonly progress: TreeProgress }
  | { readonly type: "grown"; readonly grown: GrownForest }
  | { readonly type: "failed"; readonly reason: string };

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToGrowing>) => void;
  postMessage(message: FromGrowing): void;
};

thread.onmessage = ({ data: { examples, parameters, stopping } }) => {
  try {
    const grown = growForest(
      examples,
      parameters,
      stopping,
      (progress) => thread.postMessage({ type: "progress", progress }),
    );
    thread.postMessage({ type: "grown", grown });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    thread.postMessage({ type: "failed", reason });
  }
};

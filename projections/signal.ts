/** Lets one loop sleep until somebody has something for it. */

export interface Signal {
  /** Wakes the sleeper; remembered when nobody sleeps. */
  notify(): void;
  /** Resolves on a notify since the last wait, or after so many milliseconds. One sleeper only. */
  wait(ms: number): Promise<void>;
}

export function createSignal(): Signal {
  let raised = false;
  let wakeSleeper: (() => void) | undefined;
  return {
    notify() {
      raised = true;
      wakeSleeper?.();
    },
    async wait(ms) {
      if (!raised) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wakeSleeper = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wakeSleeper = undefined;
      }
      raised = false;
    },
  };
}

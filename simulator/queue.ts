/** What is due next: a binary heap, first come first served among equals. */

export interface Queue<Item> {
  readonly size: number;
  add(dueAt: number, item: Item): void;
  /** When the first item is due; Infinity while there is none. */
  nextDueAt(): number;
  take(): Item | undefined;
}

interface Entry<Item> {
  readonly dueAt: number;
  readonly arrival: number;
  readonly item: Item;
}

export function createQueue<Item>(): Queue<Item> {
  const heap: Entry<Item>[] = [];
  let arrivals = 0;

  function before(left: number, right: number): boolean {
    const a = heap[left];
    const b = heap[right];
    if (a === undefined || b === undefined) return a !== undefined;
    return a.dueAt === b.dueAt ? a.arrival < b.arrival : a.dueAt < b.dueAt;
  }

  function swap(left: number, right: number): void {
    const a = heap[left];
    const b = heap[right];
    if (a === undefined || b === undefined) return;
    heap[left] = b;
    heap[right] = a;
  }

  function rise(index: number): void {
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(index, parent)) return;
      swap(index, parent);
      index = parent;
    }
  }

  function sink(index: number): void {
    while (true) {
      let first = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && before(child, first)) first = child;
      }
      if (first === index) return;
      swap(index, first);
      index = first;
    }
  }

  return {
    get size() {
      return heap.length;
    },
    add(dueAt, item) {
      heap.push({ dueAt, arrival: arrivals++, item });
      rise(heap.length - 1);
    },
    nextDueAt: () => heap[0]?.dueAt ?? Infinity,
    take() {
      swap(0, heap.length - 1);
      const first = heap.pop();
      sink(0);
      return first?.item;
    },
  };
}

// A value that components follow.

import { useEffect, useState } from "preact/hooks";

export class Store<T> {
  private followers = new Set<(value: T) => void>();

  constructor(private held: T) {}

  get value(): T {
    return this.held;
  }

  set(value: T): void {
    if (value === this.held) return;
    this.held = value;
    for (const tell of [...this.followers]) tell(value);
  }

  update(change: (value: T) => T): void {
    this.set(change(this.held));
  }

  follow(tell: (value: T) => void): () => void {
    this.followers.add(tell);
    return () => this.followers.delete(tell);
  }
}

export function useStore<T>(store: Store<T>): T {
  const [value, set] = useState(() => store.value);
  useEffect(() => {
    set(() => store.value);
    return store.follow((next) => set(() => next));
  }, [store]);
  return value;
}

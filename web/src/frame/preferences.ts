/** How somebody likes the page: kept in this browser, and no part of what a link shows. */
import { useState } from "react";

export function usePreference<T>(name: string, first: T): [T, (value: T) => void] {
  const key = `peerless.${name}`;
  const [value, setValue] = useState<T>(() => read(key) ?? first);
  const set = (value: T) => {
    setValue(value);
    localStorage.setItem(key, JSON.stringify(value));
  };
  return [value, set];
}

function read<T>(key: string): T | undefined {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "") as T;
  } catch {
    return undefined;
  }
}

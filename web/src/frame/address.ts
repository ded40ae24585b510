/**
 * The page's address, which holds its state. What changes it begins with the address as it is, not as the page was last
 * drawn: the router draws when there is time, and two quick changes would undo each other.
 */
import { useSearchParams } from "react-router";

export const address = () => new URLSearchParams(location.search);

/** Writes what the page looks like into its address; what is undefined or empty is taken out of it. */
export function useRemember(): (changes: Record<string, string | undefined>) => void {
  const [, setSearch] = useSearchParams();
  return (changes) => {
    const next = address();
    for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
    setSearch(next, { replace: true });
  };
}

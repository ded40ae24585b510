/** Keys for those who keep their hands there: `/` searches, `g` and a letter go to a page. Not while one writes. */
import { useEffect } from "react";
import { useNavigate } from "react-router";

const PAGES: Record<string, string> = {
  d: "/vpc",
  m: "/vpc/map",
  v: "/vpc/vpcs",
  s: "/vpc/subnets",
  r: "/vpc/route-tables",
  p: "/vpc/peering-connections",
  i: "/ec2/instances",
  e: "/explain",
  f: "/flows",
};

/** So long a `g` waits for its letter. */
const PATIENCE = 1500;

export function useKeys() {
  const navigate = useNavigate();
  useEffect(() => {
    let since = 0;
    const press = (event: KeyboardEvent) => {
      const { target, key } = event;
      const writes = target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
      if (writes || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('[role="dialog"]')) return;
      const page = PAGES[key];
      if (key === "/") {
        const search = document.querySelector<HTMLInputElement>('main input[role="combobox"], main input[type="search"]');
        if (!search) return;
        event.preventDefault();
        search.focus();
      } else if (key === "g") {
        since = event.timeStamp;
      } else if (page && event.timeStamp - since < PATIENCE) {
        since = 0;
        navigate(page);
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [navigate]);
}

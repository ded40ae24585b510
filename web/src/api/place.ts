/** Account and region: the first two parts of every path, so that a link says whose network it shows. */
export interface Place {
  account: string;
  region: string;
}

const FIRST: Place = { account: "000000000000", region: "us-east-1" };
const PATH = /^\/(\d{12})\/([a-z]{2}(?:-[a-z]+)+-\d)(?=\/|$)/;
const REMEMBERED = "peerless.place";

/** The place that a path names. */
export function placeOf(path: string): Place | undefined {
  const [, account, region] = PATH.exec(path) ?? [];
  return account && region ? { account, region } : undefined;
}

/** The path of a place. */
export const pathOf = ({ account, region }: Place) => `/${account}/${region}`;

/** Where this page is; it never changes while the page lives. */
export const here: Place = placeOf(globalThis.location?.pathname ?? "") ?? lastPlace();

/** Where the browser was last; the account that `aws` without keys of its own acts as, when never. */
export function lastPlace(): Place {
  return placeOf(globalThis.localStorage?.getItem(REMEMBERED) ?? "") ?? FIRST;
}

export function remember(place: Place) {
  localStorage.setItem(REMEMBERED, pathOf(place));
}

/** Enough arithmetic of IPv4 blocks to draw, count and propose; whether AWS takes one, the API says. */
export interface Cidr {
  /** The first address, as a number. */
  first: number;
  length: number;
}

const OCTETS = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** Reads a block; its bits beyond the prefix are dropped, as AWS does. */
export function parseCidr(text: string): Cidr | undefined {
  const parts = OCTETS.exec(text.trim())?.slice(1).map(Number);
  if (!parts || parts.slice(0, 4).some((octet) => octet > 255) || parts[4]! > 32) return undefined;
  const address = parts.slice(0, 4).reduce((sum, octet) => sum * 256 + octet, 0);
  const length = parts[4]!;
  return { first: address - (address % sizeOf(length)), length };
}

export const formatCidr = ({ first, length }: Cidr) =>
  `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${length}`;

const sizeOf = (length: number) => 2 ** (32 - length);

/** How many addresses a block has: "65,536". */
export const countOf = (text: string) => {
  const cidr = parseCidr(text);
  return cidr && sizeOf(cidr.length).toLocaleString("en");
};

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.first < b.first + sizeOf(b.length) && b.first < a.first + sizeOf(a.length);
}

export function covers(outer: Cidr, inner: Cidr): boolean {
  return outer.length <= inner.length && overlaps(outer, inner);
}

/** The k-th block of that length in a block; undefined where it would be outside. */
export function part({ first, length }: Cidr, newLength: number, k: number): Cidr | undefined {
  if (newLength < length || newLength > 32 || k >= 2 ** (newLength - length)) return undefined;
  return { first: first + k * sizeOf(newLength), length: newLength };
}

/** The first block of that length that is free beside what is taken. */
export function firstFree(cidr: Cidr, length: number, taken: readonly Cidr[]): Cidr | undefined {
  for (let k = 0; k < 4096; k++) {
    const block = part(cidr, length, k);
    if (!block) return undefined;
    if (!taken.some((other) => overlaps(block, other))) return block;
  }
  return undefined;
}

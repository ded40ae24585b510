/** Kinds of traffic as AWS's rule editors name them. Pure. */
export interface Traffic {
  /** As security groups write it: `tcp`, `udp`, `icmp`, `icmpv6`, `-1`, or a number. */
  protocol: string;
  /** Ports, or ICMP's type and code; `-1` is any. */
  from?: string;
  to?: string;
}

interface Kind extends Traffic {
  name: string;
  /** What one may write: ports, a protocol's number. */
  writes?: "ports" | "protocol";
}

/** In the order of AWS's menu: what one writes first, then everything, then services. */
export const KINDS: Kind[] = [
  { name: "Custom TCP", protocol: "tcp", writes: "ports" },
  { name: "Custom UDP", protocol: "udp", writes: "ports" },
  { name: "Custom ICMP - Echo Request", protocol: "icmp", from: "8", to: "-1" },
  { name: "Custom ICMP - Echo Reply", protocol: "icmp", from: "0", to: "-1" },
  { name: "Custom Protocol", protocol: "", writes: "protocol" },
  { name: "All TCP", protocol: "tcp", from: "0", to: "65535" },
  { name: "All UDP", protocol: "udp", from: "0", to: "65535" },
  { name: "All ICMP - IPv4", protocol: "icmp", from: "-1", to: "-1" },
  { name: "All ICMP - IPv6", protocol: "icmpv6", from: "-1", to: "-1" },
  { name: "All traffic", protocol: "-1" },
  ...(
    [
      ["SSH", 22],
      ["SMTP", 25],
      ["DNS (UDP)", 53, "udp"],
      ["DNS (TCP)", 53],
      ["HTTP", 80],
      ["POP3", 110],
      ["IMAP", 143],
      ["LDAP", 389],
      ["HTTPS", 443],
      ["SMB", 445],
      ["MSSQL", 1433],
      ["NFS", 2049],
      ["MYSQL/Aurora", 3306],
      ["RDP", 3389],
      ["PostgreSQL", 5432],
    ] as [string, number, string?][]
  ).map(([name, port, protocol = "tcp"]) => ({ name, protocol, from: `${port}`, to: `${port}` })),
];

const NUMBERS: Record<string, string> = { "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6" };

/** A protocol by name where it has one; ACLs write numbers. */
export const protocolOf = (protocol: string) => NUMBERS[protocol] ?? protocol;

/** A protocol's number, as ACLs write it. */
export const numberOf = (protocol: string) => Object.entries(NUMBERS).find(([, name]) => name === protocol)?.[0] ?? protocol;

const hasPorts = (protocol: string) => protocol === "tcp" || protocol === "udp";

/** The name of a kind of traffic. */
export function kindOf({ protocol, from, to }: Traffic): string {
  const known = KINDS.find((kind) => !kind.writes && kind.protocol === protocol && (kind.from ?? from) === from && (kind.to ?? to) === to);
  if (known) return known.name;
  if (protocol === "tcp") return "Custom TCP";
  if (protocol === "udp") return "Custom UDP";
  if (protocol === "icmp") return "Custom ICMP - IPv4";
  if (protocol === "icmpv6") return "Custom ICMP - IPv6";
  return "Custom Protocol";
}

/** The protocol as a table shows it. */
export function protocolName(protocol: string): string {
  const names: Record<string, string> = { "-1": "All", tcp: "TCP", udp: "UDP", icmp: "ICMP", icmpv6: "IPv6 ICMP" };
  return names[protocol] ?? protocol;
}

/** The ports as a table shows them. */
export function portsOf({ protocol, from, to }: Traffic): string {
  if (from === undefined || protocol === "-1") return "All";
  if (hasPorts(protocol)) {
    if (from === "0" && to === "65535") return "0 - 65535";
    return from === to ? from : `${from} - ${to}`;
  }
  if (from === "-1") return "All";
  return to === "-1" || to === undefined ? `Type ${from}` : `Type ${from}, code ${to}`;
}

/** Reads what somebody wrote as ports: `22` or `8000 - 8080`. */
export function readPorts(text: string): { from: string; to: string } | undefined {
  const [, from, to = from] = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?$/.exec(text) ?? [];
  return from === undefined || to === undefined ? undefined : { from, to };
}

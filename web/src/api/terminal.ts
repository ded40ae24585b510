/**
 * A terminal in an instance: docs/console-api.md. Neither side takes more of the other's bytes than it can place, so what
 * is shown is acknowledged once it is on the screen, and what is typed waits here until there is room for it.
 */
import type { Explanation } from "./peerless";

/** A way in: EC2 Instance Connect, an endpoint of it, or the EC2 serial console. */
export type Way = "eic" | "eice" | "serial";

export interface Size {
  columns: number;
  rows: number;
}

/** Packets of the instance that did not arrive. */
export interface Dropped {
  protocol: "icmp" | "tcp" | "udp";
  to: string;
  port?: number;
  packets: number;
  goesOn: boolean;
  by?: { stage: string; resource: string; of?: string; onTheWayBack: boolean };
}

export interface Refused {
  said: string[];
  cause: string;
  explanation?: Explanation;
}

/** What a terminal hears. */
export interface Listener {
  connected(): void;
  /** To be shown; `seen` is called when it is. */
  shown(bytes: Uint8Array, seen: () => void): void;
  /** Packets that did not arrive, and how many more there were of kinds that are not told apart. */
  dropped(flows: Dropped[], others: number): void;
  refused(why: Refused): void;
  /** The session is over. Without a status it broke off, and `why` may say more. */
  ended(status: number | null, why: string): void;
}

type Told =
  | { type: "connected" }
  | ({ type: "refused" } & Refused)
  | { type: "ended"; status: number | null }
  | { type: "dropped"; flows: Dropped[]; others: number }
  | { type: "credit"; bytes: number };

/** What is on the screen is acknowledged in pieces of that size, or when there is nothing more. */
const CREDIT = 32 * 1024;

/** So much may be under way from the keyboard, in pieces of that size. */
const TYPED_WINDOW = 48 * 1024;
const PIECE = 16 * 1024;

/** What is copied in may be that long; the rest of it is left out. */
const LONGEST_PASTE = 8 * 1024 * 1024;

/** A conversation; it begins at once. */
export class Terminal {
  #socket: WebSocket | undefined;
  #isOver = false;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #untyped = 0;
  #unseen = 0;
  #seen = 0;

  constructor(
    order: { instance: string; via: Way; user?: string },
    size: Size,
    private readonly listener: Listener,
  ) {
    this.#begin(order, size).catch((error: unknown) => this.#end(null, error instanceof Error ? error.message : String(error)));
  }

  /** Types it in, as fast as the instance takes it. */
  type(bytes: Uint8Array) {
    if (this.#waitingBytes + bytes.length > LONGEST_PASTE) return;
    for (let at = 0; at < bytes.length; at += PIECE) this.#waiting.push(bytes.subarray(at, at + PIECE));
    this.#waitingBytes += bytes.length;
    this.#sendTyped();
  }

  resize(size: Size) {
    this.#tell({ type: "resize", ...size });
  }

  /** The end; nothing is heard after it. */
  close() {
    this.#isOver = true;
    this.#socket?.close();
  }

  async #begin(order: object, { columns, rows }: Size) {
    const response = await fetch("/_peerless/terminals", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(order),
    });
    const answer = (await response.json()) as { ticket?: string; error?: string };
    if (!answer.ticket) throw new Error(answer.error ?? `The terminal was refused (${response.status}).`);
    if (this.#isOver) return;
    const url = new URL(`/_peerless/terminals/${answer.ticket}?columns=${columns}&rows=${rows}`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#hear(data);
    socket.onclose = ({ reason }) => this.#end(null, reason);
  }

  #hear(data: string | ArrayBuffer) {
    if (this.#isOver) return;
    if (typeof data !== "string") {
      const bytes = new Uint8Array(data);
      this.#unseen += bytes.length;
      this.listener.shown(bytes, () => this.#see(bytes.length));
      return;
    }
    const told = JSON.parse(data) as Told;
    switch (told.type) {
      case "connected":
        return this.listener.connected();
      case "dropped":
        return this.listener.dropped(told.flows, told.others);
      case "credit":
        this.#untyped -= told.bytes;
        return this.#sendTyped();
      case "refused":
        this.#isOver = true;
        return this.listener.refused(told);
      case "ended":
        return this.#end(told.status, "");
    }
  }

  #see(count: number) {
    this.#unseen -= count;
    this.#seen += count;
    if (this.#seen < CREDIT && this.#unseen > 0) return;
    this.#tell({ type: "credit", bytes: this.#seen });
    this.#seen = 0;
  }

  #sendTyped() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    while (this.#waiting.length > 0 && this.#untyped + this.#waiting[0]!.length <= TYPED_WINDOW) {
      const piece = this.#waiting.shift()!;
      this.#untyped += piece.length;
      this.#waitingBytes -= piece.length;
      // A view of a longer buffer is sent as the view.
      this.#socket.send(piece as Uint8Array<ArrayBuffer>);
    }
  }

  #tell(what: object) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(what));
  }

  #end(status: number | null, why: string) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.listener.ended(status, why);
  }
}

/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * What the programs in the kernel and the data plane in Rust say to each other: map keys, map values and the numbers
 * in them. The twin is crates/dataplane/src/layout.rs; a test there compares the two field by field.
 *
 * Whoever changes a struct raises LAYOUT_VERSION, which is part of the path that the maps are pinned at.
 */
#ifndef PEERLESS_FABRIC_H
#define PEERLESS_FABRIC_H

#include <linux/types.h>

#define LAYOUT_VERSION 3

/* What names a flow, one direction of it: the interface that it leaves from and its addresses and ports. */
struct flow_key {
	__u32 interface; /* its serial, not an ifindex: a guest may destroy its veth; 0 is the internet */
	__be32 source;
	__be32 destination;
	__be16 source_port;	 /* ICMP: the identifier */
	__be16 destination_port; /* ICMP: type and code */
	__u8 protocol;
	__u8 zero[3];
};

enum action {
	ACTION_ASK = 0, /* what a slot without a verdict says: the slow path is to be asked */
	ACTION_DELIVER = 1,
	ACTION_DROP = 2,
};

/*
 * What becomes of the packets of a flow: a slot of the verdicts, written by the data plane only.
 *
 * A slot that a flow may find only ever changes by single stores that make sense alone: generation, action, reverse.
 * Any other change takes a fresh slot and one swap of the flow's value.
 */
struct verdict {
	__u64 generation; /* of the snapshot that says so */
	__u32 action;
	__u32 out_ifindex; /* host end of the veth pair that leads to the receiver */
	__u8 destination_mac[6];
	__u8 source_mac[6];
	__u32 reverse; /* the slot of the other direction, 0 if there is none: slot 0 is no flow's */
	__u64 created; /* nanoseconds of CLOCK_MONOTONIC */
	__u16 reason;  /* why it is dropped, by number */
	__u8 role;     /* 1: the packets of the one who began; 2: those of the one who answers */
	__u8 tracked;  /* bit 0: the connection at the sender is tracked; bit 1: the one at the receiver */
	__be32 nat_source;	/* its new source; 0 for none */
	__be32 nat_destination; /* its new destination; 0 for none */
	__u16 mtu;		/* bytes of IP that the way carries; the slow path deals with longer packets */
	__u8 zero[10];		/* a cache line of its own */
};

/*
 * What a slot's packets amount to, written by the kernel. The data plane clears it before it gives the slot to a flow,
 * when no packet can find the slot.
 */
struct counters {
	__u64 packets;
	__u64 bytes;	 /* from the IP header on; the headers of a segmented packet count once */
	__u64 last_seen; /* nanoseconds of CLOCK_MONOTONIC */
	__u32 tcp_flags; /* every flag that was ever set */
	__u8 zero[36];	 /* a cache line of its own: the two directions of a flow run on different processors */
};

/* The interface behind a host end, or the internet, by the host end's ifindex. */
struct interface {
	__u32 serial;
	__u32 subnet; /* the data plane's number for the subnet */
	__be32 address;
	__u8 mac[6];
	__u8 check_source; /* packets must be from that address */
	__u8 zero;
};

/* Who answers for an address in a subnet; the value is a MAC address. */
struct neighbour {
	__u32 subnet;
	__be32 address;
};

struct mac {
	__u8 bytes[6];
};

/* What all programs need to know, alone in its array. */
struct fabric {
	__u64 min_generation; /* a verdict of an older generation is none */
	__u32 slow_path;      /* ifindex of the TAP */
	__u32 zero;
};

/*
 * Ethernet addresses between the programs and the slow path carry orders, not addresses: 02, one of these, and a
 * number in network byte order. Towards the slow path, the source names the interface by its serial; from there, the
 * destination names the slot whose verdict applies.
 */
#define ORDER_PREFIX 0x02
#define ORDER_INTERFACE 0x00
#define ORDER_SLOT 0x01

/* A network card of an instance carries 9001 bytes of IP. */
#define MTU 9001

/*
 * How often an interface may ask the slow path: so many packets at once, and one more each so many nanoseconds, 20,000
 * a second. Other packets than the first of a flow do not ask, but for fragments and what is too long for its way.
 */
#define ASK_BURST 4096
#define ASK_INTERVAL 50000

/* Why a packet is dropped without having been judged. Each has its counter. */
enum drop {
	DROP_UNKNOWN_INTERFACE, /* no interface is known behind this host end */
	DROP_TRUNCATED,
	DROP_SOURCE_MAC,
	DROP_VLAN,
	DROP_ETHERTYPE,
	DROP_IPV6,
	DROP_MULTICAST,
	DROP_ARP_SPOOFED,
	DROP_ARP_UNANSWERED, /* nobody has that address, or it is no request */
	DROP_MALFORMED,
	DROP_SOURCE_ADDRESS,
	DROP_TOO_LONG,
	DROP_LIMITED,	/* it began more flows than it may */
	DROP_BAD_ORDER, /* the slow path named no usable slot: a bug */
	DROP_REASONS,	/* how many there are */
};

#endif

// SPDX-License-Identifier: (MIT OR GPL-2.0)
/*
 * The fast path: applies verdicts that the data plane found.
 *
 * Nothing here knows what a security group is. A packet's flow is looked up and its slot's verdict applied; a packet
 * without a verdict goes to the slow path, which answers by naming a slot. What can be said without judging - who may
 * claim which address, who answers an ARP request - is said at once.
 *
 * No program ever returns TC_ACT_OK: behind it is the fabric's own network stack, which is to see no packet.
 */
#include "fabric.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* The sizes of flows, verdicts and counters are set by the loader. */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct flow_key);
	__type(value, __u32);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct verdict);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct interface);
} interfaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, struct neighbour);
	__type(value, struct mac);
} neighbours SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fabric);
} fabric SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DROP_REASONS);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

/*
 * Until when each interface has paid for what it asked, in nanoseconds of CLOCK_MONOTONIC, by the host end's ifindex:
 * a token bucket that says when it would be full again. Two interfaces share one if there are 65,536 between them.
 */
#define DEBTS 65536

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEBTS);
	__type(key, __u32);
	__type(value, __u64);
} debts SEC(".maps");

/* <linux/icmp.h> and <linux/if_arp.h> need a C library for the target, which BPF has not; so these are our own. */
#define ICMP_ECHOREPLY 0
#define ICMP_DEST_UNREACH 3
#define ICMP_SOURCE_QUENCH 4
#define ICMP_REDIRECT 5
#define ICMP_ECHO 8
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETERPROB 12
#define ICMP_TIMESTAMP 13
#define ICMP_ADDRESSREPLY 18
#define ARPHRD_ETHER 1
#define ARPOP_REQUEST 1
#define ARPOP_REPLY 2
#define DHCP_SERVER 67 /* RFC 2131, section 4.1 */

#define IP_FRAGMENT 0x3fff /* more fragments to come, or not the first one */
#define IP_OFFSET 0x1fff   /* not the first fragment */
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* Where things are in a frame, or behind the beginning of a transport header. */
#define IP_CHECK_AT (ETH_HLEN + 10)
#define IP_SOURCE_AT (ETH_HLEN + 12)
#define IP_DESTINATION_AT (ETH_HLEN + 16)
#define TCP_CHECK_AT 16
#define UDP_CHECK_AT 6

/* Ethernet, the longest IPv4 header, and what is read of the transport header: 14 bytes, up to TCP's flags. */
#define TRANSPORT_LENGTH 14
#define HEADERS_LENGTH (ETH_HLEN + 60 + TRANSPORT_LENGTH)

struct arp {
	__be16 hardware_type;
	__be16 protocol_type;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[ETH_ALEN];
	__be32 sender;
	__u8 target_mac[ETH_ALEN];
	__be32 target;
} __attribute__((packed));

/* A packet as far as a flow's key and a translation need it. */
struct parsed {
	struct flow_key key;
	__u32 tcp_flags;
	__u32 headers;	/* length of the IP header and of the transport header, where that is segmented */
	__u32 checksum; /* where in the frame the checksum is that covers the addresses; 0 if none does */
	bool has_flow;	/* fragments and ICMP errors have none: the slow path judges each */
};

static __always_inline int drop(__u32 reason)
{
	__u64 *count = bpf_map_lookup_elem(&drops, &reason);

	if (count)
		(*count)++;
	return TC_ACT_SHOT;
}

static __always_inline bool same_mac(const __u8 *one, const __u8 *other)
{
	return !((*(__u16 *)one ^ *(__u16 *)other) | (*(__u16 *)(one + 2) ^ *(__u16 *)(other + 2)) |
		 (*(__u16 *)(one + 4) ^ *(__u16 *)(other + 4)));
}

/*
 * Makes the headers readable in place. They are already, unless the guest sent through a raw or mapped socket.
 */
static __always_inline void make_linear(struct __sk_buff *skb)
{
	__u32 wanted = skb->len < HEADERS_LENGTH ? skb->len : HEADERS_LENGTH;

	if (skb->data_end - skb->data < wanted)
		bpf_skb_pull_data(skb, wanted);
}

static __always_inline bool is_icmp_error(__u8 type)
{
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

static __always_inline bool has_identifier(__u8 type)
{
	return type == ICMP_ECHO || type == ICMP_ECHOREPLY || (type >= ICMP_TIMESTAMP && type <= ICMP_ADDRESSREPLY);
}

/* Reads the ports, or what stands for them. False if the packet ends too early. */
static __always_inline bool parse_transport(void *transport, void *end, struct parsed *packet)
{
	__u8 *bytes = transport;

	switch (packet->key.protocol) {
	case IPPROTO_TCP:
		if (transport + TRANSPORT_LENGTH > end)
			return false;
		packet->tcp_flags = bytes[13];
		packet->headers += (bytes[12] >> 4) * 4;
		break;
	case IPPROTO_UDP:
		if (transport + 8 > end)
			return false;
		packet->headers += 8;
		break;
	case IPPROTO_ICMP:
		if (transport + 8 > end)
			return false;
		packet->has_flow = !is_icmp_error(bytes[0]);
		packet->key.source_port = has_identifier(bytes[0]) ? *(__be16 *)(bytes + 4) : 0;
		packet->key.destination_port = *(__be16 *)bytes;
		return true;
	default:
		return true;
	}
	packet->key.source_port = *(__be16 *)bytes;
	packet->key.destination_port = *(__be16 *)(bytes + 2);
	return true;
}

/* Where the checksum is that covers addresses too: ICMP has none, and later fragments have no transport header. */
static __always_inline __u32 find_checksum(struct iphdr *ip)
{
	__u32 transport = ETH_HLEN + ip->ihl * 4;

	if (ip->frag_off & bpf_htons(IP_OFFSET))
		return 0;
	switch (ip->protocol) {
	case IPPROTO_TCP:
		return transport + TCP_CHECK_AT;
	case IPPROTO_UDP:
		return transport + UDP_CHECK_AT;
	default:
		return 0;
	}
}

/* False if it is no well-formed IPv4 packet. */
static __always_inline bool parse(struct iphdr *ip, void *end, struct parsed *packet)
{
	if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5)
		return false;
	packet->key.source = ip->saddr;
	packet->key.destination = ip->daddr;
	packet->key.protocol = ip->protocol;
	packet->headers = ip->ihl * 4;
	packet->checksum = find_checksum(ip);
	packet->has_flow = true;
	if (ip->frag_off & bpf_htons(IP_FRAGMENT)) {
		packet->has_flow = false;
		return true;
	}
	return parse_transport((void *)ip + ip->ihl * 4, end, packet);
}

static __always_inline void count(struct __sk_buff *skb, __u32 slot, __u32 tcp_flags)
{
	struct counters *counted = bpf_map_lookup_elem(&counters, &slot);

	if (!counted)
		return;
	__sync_fetch_and_add(&counted->packets, skb->gso_segs ?: 1);
	__sync_fetch_and_add(&counted->bytes, skb->len - ETH_HLEN);
	counted->last_seen = bpf_ktime_get_coarse_ns();
	if (tcp_flags & ~counted->tcp_flags)
		__sync_fetch_and_or(&counted->tcp_flags, tcp_flags);
}

/*
 * Puts another address in the place of one. The helpers know whether a checksum is complete or left to the hardware,
 * and that a UDP checksum of zero is none. False if the packet ends before its checksum.
 */
static __always_inline bool translate(struct __sk_buff *skb, struct parsed *packet, __u32 at, __be32 from, __be32 to)
{
	__u64 flags = BPF_F_PSEUDO_HDR | sizeof(to);

	if (packet->key.protocol == IPPROTO_UDP)
		flags |= BPF_F_MARK_MANGLED_0;
	if (packet->checksum && bpf_l4_csum_replace(skb, packet->checksum, from, to, flags))
		return false;
	return !bpf_l3_csum_replace(skb, IP_CHECK_AT, from, to, sizeof(to)) &&
	       !bpf_skb_store_bytes(skb, at, &to, sizeof(to), 0);
}

/* The one place where a packet is let through or not. Packet pointers end here. */
static __always_inline int apply(struct __sk_buff *skb, struct ethhdr *eth, struct verdict *verdict, __u32 slot,
				 struct parsed *packet)
{
	count(skb, slot, packet->tcp_flags);
	if (*(volatile __u32 *)&verdict->action != ACTION_DELIVER)
		return TC_ACT_SHOT;
	__builtin_memcpy(eth->h_dest, verdict->destination_mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, verdict->source_mac, ETH_ALEN);
	if (verdict->nat_source &&
	    !translate(skb, packet, IP_SOURCE_AT, packet->key.source, verdict->nat_source))
		return drop(DROP_MALFORMED);
	if (verdict->nat_destination &&
	    !translate(skb, packet, IP_DESTINATION_AT, packet->key.destination, verdict->nat_destination))
		return drop(DROP_MALFORMED);
	/* The kernel keeps them across bpf_redirect_peer; a guest's marks are not the other guest's business. */
	skb->mark = 0;
	skb->priority = 0;
	return bpf_redirect_peer(verdict->out_ifindex, 0);
}

/* Two processors at once may forgive a debt or two; that is no matter. */
static __always_inline bool may_ask(__u32 ifindex)
{
	__u32 index = ifindex % DEBTS;
	volatile __u64 *debt = bpf_map_lookup_elem(&debts, &index);
	__u64 now = bpf_ktime_get_coarse_ns();

	if (!debt)
		return false;
	if (*debt < now)
		*debt = now;
	if (*debt > now + (__u64)ASK_BURST * ASK_INTERVAL)
		return false;
	__sync_fetch_and_add((__u64 *)debt, ASK_INTERVAL);
	return true;
}

static __always_inline int ask(struct ethhdr *eth, struct fabric *state, __u32 serial)
{
	__be32 number = bpf_htonl(serial);

	eth->h_source[0] = ORDER_PREFIX;
	eth->h_source[1] = ORDER_INTERFACE;
	__builtin_memcpy(eth->h_source + 2, &number, sizeof(number));
	return bpf_redirect(state->slow_path, 0);
}

static __always_inline bool is_ending(__u32 slot)
{
	struct counters *counted = slot ? bpf_map_lookup_elem(&counters, &slot) : NULL;

	return counted && counted->tcp_flags & (TCP_FIN | TCP_RST);
}

/* Whether the verdict is not to be used for the packet. */
static __always_inline bool is_stale(struct verdict *verdict, __u32 slot, struct fabric *state, __u32 tcp_flags)
{
	if (*(volatile __u64 *)&verdict->generation < *(volatile __u64 *)&state->min_generation ||
	    *(volatile __u32 *)&verdict->action == ACTION_ASK)
		return true;
	/* A port that is used again before the flow has been forgotten: a new connection, to be judged as such. */
	return (tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && (is_ending(slot) || is_ending(verdict->reverse));
}

/*
 * Answers an ARP request for an address of the subnet, in place. Requests for an address that nobody has stay
 * unanswered, as on AWS; so do those for the sender's own, or its duplicate address detection (RFC 5227) would fail.
 */
static __always_inline int answer_arp(struct __sk_buff *skb, struct ethhdr *eth, void *end, struct interface *from)
{
	struct arp *arp = (void *)(eth + 1);
	struct neighbour wanted = { .subnet = from->subnet };
	struct mac *answer;

	if ((void *)(arp + 1) > end || arp->hardware_type != bpf_htons(ARPHRD_ETHER) ||
	    arp->protocol_type != bpf_htons(ETH_P_IP) || arp->hardware_length != ETH_ALEN || arp->protocol_length != 4)
		return drop(DROP_MALFORMED);
	if (!same_mac(arp->sender_mac, from->mac))
		return drop(DROP_ARP_SPOOFED);
	if (from->check_source && arp->sender && arp->sender != from->address)
		return drop(DROP_ARP_SPOOFED);
	if (arp->operation != bpf_htons(ARPOP_REQUEST) || arp->target == from->address)
		return drop(DROP_ARP_UNANSWERED);
	wanted.address = arp->target;
	answer = bpf_map_lookup_elem(&neighbours, &wanted);
	if (!answer)
		return drop(DROP_ARP_UNANSWERED);

	arp->operation = bpf_htons(ARPOP_REPLY);
	__builtin_memcpy(arp->target_mac, arp->sender_mac, ETH_ALEN);
	arp->target = arp->sender;
	__builtin_memcpy(arp->sender_mac, answer->bytes, ETH_ALEN);
	arp->sender = wanted.address;
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, answer->bytes, ETH_ALEN);
	return bpf_redirect(skb->ifindex, 0);
}

/* What counts of a segmented packet is the length of its segments. */
static __always_inline bool is_longer_than(struct __sk_buff *skb, struct parsed *packet, __u32 mtu)
{
	return (skb->gso_size ? skb->gso_size + packet->headers : skb->len - ETH_HLEN) > mtu;
}

/* Whether the packet is for a DHCP server: the one thing that is asked by broadcast, and by who has no address yet. */
static __always_inline bool asks_dhcp(struct parsed *packet)
{
	return packet->has_flow && packet->key.protocol == IPPROTO_UDP && packet->key.destination_port == bpf_htons(DHCP_SERVER);
}

/* A longer one is for the slow path, which tells its sender, or cuts it up. */
static __always_inline bool fits(struct __sk_buff *skb, struct parsed *packet, struct verdict *verdict)
{
	return *(volatile __u32 *)&verdict->action != ACTION_DELIVER || !is_longer_than(skb, packet, verdict->mtu);
}

/* Ingress of a veth pair's host end: what an instance sends, or the internet. */
SEC("classifier")
int from_port(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, zero = 0;
	struct interface *from = bpf_map_lookup_elem(&interfaces, &ifindex);
	struct fabric *state = bpf_map_lookup_elem(&fabric, &zero);
	struct parsed packet = {};
	struct ethhdr *eth;
	void *end;
	__u32 *slot;

	if (!from || !state)
		return drop(DROP_UNKNOWN_INTERFACE);
	make_linear(skb);
	eth = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if ((void *)(eth + 1) > end)
		return drop(DROP_TRUNCATED);
	if (!same_mac(eth->h_source, from->mac))
		return drop(DROP_SOURCE_MAC);
	if (skb->vlan_present)
		return drop(DROP_VLAN);
	if (eth->h_proto == bpf_htons(ETH_P_ARP))
		return answer_arp(skb, eth, end, from);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return drop(DROP_IPV6);
	if (eth->h_proto != bpf_htons(ETH_P_IP))
		return drop(DROP_ETHERTYPE);
	packet.key.interface = from->serial;
	if (!parse((void *)(eth + 1), end, &packet))
		return drop(DROP_MALFORMED);
	if (eth->h_dest[0] & 1 && !(asks_dhcp(&packet) && packet.key.destination == bpf_htonl(INADDR_BROADCAST)))
		return drop(DROP_MULTICAST);
	if (from->check_source && packet.key.source != from->address && !(asks_dhcp(&packet) && !packet.key.source))
		return drop(DROP_SOURCE_ADDRESS);
	if (is_longer_than(skb, &packet, MTU))
		return drop(DROP_TOO_LONG);

	slot = packet.has_flow ? bpf_map_lookup_elem(&flows, &packet.key) : NULL;
	if (slot) {
		__u32 number = *slot;
		struct verdict *verdict = bpf_map_lookup_elem(&verdicts, &number);

		if (verdict && !is_stale(verdict, number, state, packet.tcp_flags) && fits(skb, &packet, verdict))
			return apply(skb, eth, verdict, number, &packet);
	}
	return may_ask(ifindex) ? ask(eth, state, from->serial) : drop(DROP_LIMITED);
}

/* Ingress of the TAP: what the slow path sends. The frame names the slot, so no flow needs to be found. */
SEC("classifier")
int from_slow_path(struct __sk_buff *skb)
{
	struct parsed packet = {};
	struct verdict *verdict;
	struct ethhdr *eth;
	__be32 number;
	__u32 slot;
	void *end;

	make_linear(skb);
	eth = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if ((void *)(eth + 1) > end || eth->h_dest[0] != ORDER_PREFIX || eth->h_dest[1] != ORDER_SLOT)
		return drop(DROP_BAD_ORDER);
	__builtin_memcpy(&number, eth->h_dest + 2, sizeof(number));
	slot = bpf_ntohl(number);
	verdict = bpf_map_lookup_elem(&verdicts, &slot);
	if (!verdict || *(volatile __u32 *)&verdict->action == ACTION_ASK)
		return drop(DROP_BAD_ORDER);
	if (!parse((void *)(eth + 1), end, &packet))
		return drop(DROP_MALFORMED);
	return apply(skb, eth, verdict, slot, &packet);
}

/* The kernel lends its helpers to programs under the GPL only; "Dual MIT/GPL" counts as such. */
char gpl_compatible[] SEC("license") = "Dual MIT/GPL";

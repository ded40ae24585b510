//! Packets that are dropped without a verdict, by reason, so that nothing dies uncounted.

use std::fmt;

macro_rules! discards {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why a packet was dropped without having been judged.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Discard { $($(#[$doc])* $name,)* }

        impl Discard {
            /// Every reason. The kernel's come first, in the order of `enum drop` in `ebpf/fabric.h`.
            pub const ALL: &'static [Discard] = &[$(Discard::$name,)*];

            /// In words.
            pub fn as_str(self) -> &'static str {
                match self { $(Discard::$name => $text,)* }
            }
        }
    };
}

discards! {
    /// No interface is known at that end.
    UnknownInterface = "unknown interface",
    /// Too short for Ethernet.
    Truncated = "truncated frame",
    /// The frame's source address is not the interface's.
    SourceMac = "spoofed MAC address",
    /// A VPC carries no VLANs.
    Vlan = "VLAN tag",
    /// Neither IPv4 nor ARP.
    EtherType = "unsupported ethertype",
    /// IPv6, which is not there yet: mostly the noise that a guest's kernel makes by itself.
    Ipv6 = "IPv6",
    /// A VPC carries no broadcast and no multicast.
    Multicast = "broadcast or multicast",
    /// ARP in another interface's name.
    ArpSpoofed = "spoofed ARP",
    /// ARP for an address that nobody has.
    ArpUnanswered = "unanswered ARP",
    /// Headers that cannot be read.
    Malformed = "malformed packet",
    /// The packet's source is not the interface's address, and it checks.
    SourceAddress = "spoofed IP address",
    /// Longer than the interface's MTU.
    TooLong = "longer than the MTU",
    /// The interface began more flows than it may.
    Limited = "more new flows than an interface may begin",
    /// The slow path named a slot that cannot be.
    BadOrder = "bad order",
    /// A fragment whose first one was not seen.
    LoneFragment = "fragment without its first",
    /// Longer than the way ahead carries; its sender is told, if it is an instance.
    TooBig = "longer than the way's MTU",
    /// An ICMP error that the rules keep out, or that is about nothing known.
    IcmpError = "ICMP error not let through",
    /// The TAP would not hand it over, or take it back.
    Refused = "refused by the TAP",
}

impl fmt::Display for Discard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

//! DHCP's messages, as far as this server has use for them: RFC 2131, section 2, and RFC 2132.

use std::net::Ipv4Addr;

use model::MacAddress;

/// Numbers of options.
pub(super) mod option {
    pub const PAD: u8 = 0;
    pub const SUBNET_MASK: u8 = 1;
    pub const ROUTER: u8 = 3;
    pub const NAME_SERVERS: u8 = 6;
    pub const HOST_NAME: u8 = 12;
    pub const DOMAIN_NAME: u8 = 15;
    pub const MTU: u8 = 26;
    pub const BROADCAST: u8 = 28;
    pub const NTP_SERVERS: u8 = 42;
    pub const NETBIOS_NAME_SERVERS: u8 = 44;
    pub const NETBIOS_NODE_TYPE: u8 = 46;
    pub const REQUESTED_ADDRESS: u8 = 50;
    pub const LEASE_TIME: u8 = 51;
    pub const MESSAGE_TYPE: u8 = 53;
    pub const SERVER: u8 = 54;
    pub const LONGEST_MESSAGE: u8 = 57;
    pub const RENEWAL_TIME: u8 = 58;
    pub const REBINDING_TIME: u8 = 59;
    pub const CLIENT: u8 = 61;
    pub const END: u8 = 255;
}

/// What options begin with.
const MAGIC: [u8; 4] = [99, 130, 83, 99];
/// Where it is.
const OPTIONS: usize = 236;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
/// Ethernet's number, and the length of its addresses.
const ETHERNET: [u8; 2] = [1, 6];
/// The length of IP's and UDP's headers, which the longest message is told with.
const HEADERS: usize = 28;
/// What every client takes, with these headers.
const EVERYBODYS_LONGEST: u16 = 576;
/// What old relays and clients expect at least (RFC 1542, section 2.1).
const SHORTEST: usize = 300;

/// What a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To hear of an address.
    Discover,
    /// To have it, or to keep it.
    Request,
    /// To hear the rest; it has an address.
    Inform,
}

/// A client's message.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub kind: Kind,
    /// By what the answer is known, and how it is to be sent: what is repeated in it.
    transaction: [u8; 4],
    flags: [u8; 2],
    /// The address that the client has and uses.
    pub client_address: Option<Ipv4Addr>,
    pub mac: MacAddress,
    /// The address that it would like to have.
    pub requested_address: Option<Ipv4Addr>,
    /// The server that it chose.
    pub server: Option<Ipv4Addr>,
    client: Option<&'a [u8]>,
    longest: usize,
}

impl<'a> Request<'a> {
    /// Reads a message; `None` if it is none of a client's that there is an answer to.
    pub fn read(message: &'a [u8]) -> Option<Self> {
        let header: &[u8; OPTIONS] = message.first_chunk()?;
        let options = message.get(OPTIONS..)?.strip_prefix(&MAGIC)?;
        let kind = match sole(find(options, option::MESSAGE_TYPE)?)? {
            1 => Kind::Discover,
            3 => Kind::Request,
            8 => Kind::Inform,
            _ => return None,
        };
        let relay = address(header, 24);
        if header[0] != REQUEST || header[1..3] != ETHERNET || relay.is_some() {
            return None;
        }
        let named = |number| find(options, number).and_then(|value| <[u8; 4]>::try_from(value).ok()).map(Ipv4Addr::from);
        let longest = find(options, option::LONGEST_MESSAGE).and_then(|value| value.try_into().ok()).map(u16::from_be_bytes);
        Some(Self {
            kind,
            transaction: array(header, 4),
            flags: array(header, 10),
            client_address: address(header, 12),
            mac: MacAddress(array(header, 28)),
            requested_address: named(option::REQUESTED_ADDRESS),
            server: named(option::SERVER),
            client: find(options, option::CLIENT),
            longest: usize::from(longest.unwrap_or(0).max(EVERYBODYS_LONGEST)) - HEADERS,
        })
    }
}

/// A server's message in the making.
pub(super) struct Reply {
    bytes: Vec<u8>,
    longest: usize,
}

impl Reply {
    /// An answer of that type, as from that server; `yours` is the address that the client may have.
    pub fn to(request: &Request<'_>, kind: u8, server: Ipv4Addr, yours: Option<Ipv4Addr>) -> Self {
        let mut bytes = vec![0; OPTIONS];
        bytes[0] = REPLY;
        bytes[1..3].copy_from_slice(&ETHERNET);
        bytes[4..8].copy_from_slice(&request.transaction);
        bytes[10..12].copy_from_slice(&request.flags);
        bytes[12..16].copy_from_slice(&request.client_address.unwrap_or(Ipv4Addr::UNSPECIFIED).octets());
        bytes[16..20].copy_from_slice(&yours.unwrap_or(Ipv4Addr::UNSPECIFIED).octets());
        bytes[28..34].copy_from_slice(&request.mac.0);
        bytes.extend(MAGIC);
        let mut reply = Self { bytes, longest: request.longest };
        reply.add(option::MESSAGE_TYPE, &[kind]);
        reply.add(option::SERVER, &server.octets());
        // RFC 6842.
        reply.add(option::CLIENT, request.client.unwrap_or_default());
        reply
    }

    /// Adds an option, unless it is empty or there is no room for it any more.
    pub fn add(&mut self, number: u8, value: &[u8]) {
        let Ok(length) = u8::try_from(value.len()) else { return };
        if length > 0 && self.bytes.len() + 2 + value.len() < self.longest {
            self.bytes.extend([number, length]);
            self.bytes.extend(value);
        }
    }

    /// Adds an option that is addresses.
    pub fn add_addresses(&mut self, number: u8, addresses: impl IntoIterator<Item = Ipv4Addr>) {
        let octets: Vec<u8> = addresses.into_iter().flat_map(|address| address.octets()).collect();
        self.add(number, &octets);
    }

    /// The message.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.push(option::END);
        self.bytes.resize(self.bytes.len().max(SHORTEST), option::PAD);
        self.bytes
    }
}

/// The value of an option, where it is for the first time.
fn find(mut options: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        options = match *options {
            [option::PAD, ref rest @ ..] => rest,
            [option::END, ..] | [] | [_] => return None,
            [number, length, ref rest @ ..] => {
                let value = rest.get(..length.into())?;
                if number == wanted {
                    return Some(value);
                }
                &rest[length.into()..]
            }
        }
    }
}

fn sole(value: &[u8]) -> Option<u8> {
    <[u8; 1]>::try_from(value).ok().map(|[byte]| byte)
}

fn array<const LENGTH: usize>(header: &[u8; OPTIONS], at: usize) -> [u8; LENGTH] {
    let mut field = [0; LENGTH];
    field.copy_from_slice(&header[at..at + LENGTH]);
    field
}

fn address(header: &[u8; OPTIONS], at: usize) -> Option<Ipv4Addr> {
    Some(Ipv4Addr::from(array::<4>(header, at))).filter(|address| !address.is_unspecified())
}

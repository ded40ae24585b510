//! Protocol and ports as the API has them: `IpProtocol`, `FromPort` and `ToPort`.
//!
//! `-1` is every protocol; for ICMP the two ports are type and code, `-1` being any. Protocols go by name where EC2 has
//! one (`tcp`, `udp`, `icmp`, `icmpv6`) and by number else.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>

use model::{IcmpMatch, PortRange, Traffic};

use crate::error::Error;

/// What a rule speaks about. Protocols without ports ignore them.
pub(crate) fn parse(protocol: &str, from: Option<i64>, to: Option<i64>) -> Result<Traffic, Error> {
    match protocol.to_ascii_lowercase().as_str() {
        "-1" => Ok(Traffic::All),
        "tcp" | "6" => port_range(from, to).map(Traffic::Tcp),
        "udp" | "17" => port_range(from, to).map(Traffic::Udp),
        "icmp" | "1" => icmp_match(from, to).map(Traffic::Icmp),
        "icmpv6" | "58" => icmp_match(from, to).map(Traffic::Icmpv6),
        number => number.parse().map(Traffic::Protocol).map_err(|_| refuse(format!("Invalid value '{protocol}' for IP protocol. Unknown protocol."))),
    }
}

/// The protocol's name, or its number.
pub(crate) fn protocol(traffic: Traffic) -> String {
    match traffic {
        Traffic::All => "-1".to_owned(),
        Traffic::Tcp(_) => "tcp".to_owned(),
        Traffic::Udp(_) => "udp".to_owned(),
        Traffic::Icmp(_) => "icmp".to_owned(),
        Traffic::Icmpv6(_) => "icmpv6".to_owned(),
        Traffic::Protocol(number) => number.to_string(),
    }
}

/// The protocol's number; network ACLs know no names.
pub(crate) fn protocol_number(traffic: Traffic) -> i64 {
    match traffic {
        Traffic::All => -1,
        Traffic::Tcp(_) => 6,
        Traffic::Udp(_) => 17,
        Traffic::Icmp(_) => 1,
        Traffic::Icmpv6(_) => 58,
        Traffic::Protocol(number) => number.into(),
    }
}

/// First and last port, or type and code; none for a protocol without.
pub(crate) fn ports(traffic: Traffic) -> Option<(i64, i64)> {
    match traffic {
        Traffic::Tcp(ports) | Traffic::Udp(ports) => Some((ports.from.into(), ports.to.into())),
        Traffic::Icmp(messages) | Traffic::Icmpv6(messages) => Some(type_and_code(messages)),
        Traffic::All | Traffic::Protocol(_) => None,
    }
}

/// The API's type and code.
pub(crate) fn type_and_code(messages: IcmpMatch) -> (i64, i64) {
    match messages {
        IcmpMatch::Any => (-1, -1),
        IcmpMatch::Type(kind) => (kind.into(), -1),
        IcmpMatch::TypeAndCode(kind, code) => (kind.into(), code.into()),
    }
}

/// The words in which EC2 names it when a rule is there twice.
pub(crate) fn in_words(traffic: Traffic) -> String {
    let any = |value: i64| if value < 0 { "ALL".to_owned() } else { value.to_string() };
    match (traffic, ports(traffic)) {
        (Traffic::Protocol(number), _) => format!("protocol: {number}"),
        (Traffic::Icmp(_) | Traffic::Icmpv6(_), Some((kind, code))) => {
            format!("{}, type: {}, code: {}", protocol(traffic).to_uppercase(), any(kind), any(code))
        }
        (_, Some((from, to))) => format!("{}, from port: {from}, to port: {to}", protocol(traffic).to_uppercase()),
        (_, None) => "ALL".to_owned(),
    }
}

fn port_range(from: Option<i64>, to: Option<i64>) -> Result<PortRange, Error> {
    let (Some(from), Some(to)) = (from, to) else {
        return Err(refuse("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.".to_owned()));
    };
    let port = |number: i64| u16::try_from(number).map_err(|_| refuse(format!("TCP/UDP port ({number}) out of range")));
    match (port(from)?, port(to)?) {
        (from, to) if from <= to => Ok(PortRange { from, to }),
        (from, to) => Err(refuse(format!("Invalid TCP/UDP port range ({from}:{to})"))),
    }
}

fn icmp_match(kind: Option<i64>, code: Option<i64>) -> Result<IcmpMatch, Error> {
    let (Some(kind), Some(code)) = (kind, code) else {
        return Err(refuse("Invalid value 'Must specify both type and code with ICMP.' for portRange.".to_owned()));
    };
    let byte = |number: i64, noun: &str| u8::try_from(number).map_err(|_| refuse(format!("ICMP {noun} ({number}) out of range")));
    match (kind, code) {
        (-1, -1) => Ok(IcmpMatch::Any),
        (-1, code) => Err(refuse(format!("ICMP code ({code}) needs a type"))),
        (kind, -1) => byte(kind, "type").map(IcmpMatch::Type),
        (kind, code) => Ok(IcmpMatch::TypeAndCode(byte(kind, "type")?, byte(code, "code")?)),
    }
}

fn refuse(reason: String) -> Error {
    Error::InvalidPermission { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and numbers are the same protocol, and what is said comes back as EC2 says it (6.2.1 to 6.2.4).
    #[test]
    fn what_is_said_comes_back_normalised() {
        for (protocol_in, from, to, protocol_out, ports_out) in [
            ("tcp", Some(22), Some(22), "tcp", Some((22, 22))),
            ("6", Some(0), Some(65535), "tcp", Some((0, 65535))),
            ("17", Some(53), Some(53), "udp", Some((53, 53))),
            ("TCP", Some(1), Some(2), "tcp", Some((1, 2))),
            ("icmp", Some(-1), Some(-1), "icmp", Some((-1, -1))),
            ("1", Some(8), Some(-1), "icmp", Some((8, -1))),
            ("icmp", Some(8), Some(0), "icmp", Some((8, 0))),
            ("58", Some(128), Some(-1), "icmpv6", Some((128, -1))),
            ("-1", None, None, "-1", None),
            ("-1", Some(22), Some(22), "-1", None),
            ("50", Some(1), None, "50", None),
        ] {
            let traffic = parse(protocol_in, from, to).unwrap();
            assert_eq!((protocol(traffic).as_str(), ports(traffic)), (protocol_out, ports_out), "{protocol_in}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for (protocol, from, to, sentence) in [
            ("tpc", None, None, "Invalid value 'tpc' for IP protocol. Unknown protocol."),
            ("256", None, None, "Invalid value '256' for IP protocol. Unknown protocol."),
            ("tcp", None, None, "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."),
            ("tcp", Some(22), None, "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."),
            ("tcp", Some(-1), Some(22), "TCP/UDP port (-1) out of range"),
            ("tcp", Some(0), Some(65536), "TCP/UDP port (65536) out of range"),
            ("udp", Some(443), Some(80), "Invalid TCP/UDP port range (443:80)"),
            ("icmp", Some(8), None, "Invalid value 'Must specify both type and code with ICMP.' for portRange."),
            ("icmp", Some(256), Some(-1), "ICMP type (256) out of range"),
            ("icmp", Some(8), Some(300), "ICMP code (300) out of range"),
            ("icmp", Some(-1), Some(0), "ICMP code (0) needs a type"),
        ] {
            assert_eq!(parse(protocol, from, to).unwrap_err().to_string(), sentence);
        }
    }

    #[test]
    fn ec2_has_words_for_it() {
        for (protocol, from, to, words) in [
            ("tcp", Some(22), Some(22), "TCP, from port: 22, to port: 22"),
            ("-1", None, None, "ALL"),
            ("50", None, None, "protocol: 50"),
            ("icmp", Some(8), Some(-1), "ICMP, type: 8, code: ALL"),
        ] {
            assert_eq!(in_words(parse(protocol, from, to).unwrap()), words);
        }
    }
}

//! The internet's checksum (RFC 1071).

/// Of bytes in which its own place is zero, or holds the sum of what else it covers.
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let sum: u32 = pairs.iter().map(|&pair| u32::from(u16::from_be_bytes(pair))).sum();
    let last = rest.first().map_or(0, |&byte| u32::from(byte) << 8);
    !fold(sum + last)
}

/// The checksum after one word that it covers has changed (RFC 1624, equation 3).
pub(crate) fn updated(checksum: u16, old: u16, new: u16) -> u16 {
    !fold(u32::from(!checksum) + u32::from(!old) + u32::from(new))
}

fn fold(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of RFC 1071, section 3.
    #[test]
    fn the_rfc_agrees() {
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&[0x12]), !0x1200);
    }

    proptest! {
        #[test]
        fn an_update_is_what_computing_it_anew_gives(mut bytes in proptest::collection::vec(1u8.., 4..40), new in 1u16..) {
            let before = checksum(&bytes);
            let old = u16::from_be_bytes([bytes[2], bytes[3]]);
            bytes[2..4].copy_from_slice(&new.to_be_bytes());
            prop_assert_eq!(updated(before, old, new), checksum(&bytes));
        }
    }
}

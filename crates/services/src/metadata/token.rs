//! Session tokens: until when they are good, and a proof that this was said to this instance (HMAC-SHA-256, RFC 2104).

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use model::{InstanceId, Timestamp};
use sha2::Sha256;

/// The length of the moment, and of the proof behind it.
const MOMENT: usize = 8;
const PROOF: usize = 32;

/// What tokens are made with. Nobody outside may know it; with another one, earlier tokens are worth nothing.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// That many bits that nobody can guess.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    pub(super) fn token(&self, instance: InstanceId, expires: Timestamp) -> String {
        let moment = expires.0.to_be_bytes();
        let proof = self.proof(instance, moment).finalize().into_bytes();
        Base64::encode_string(&[&moment[..], &proof].concat())
    }

    pub(super) fn admits(&self, token: &str, instance: InstanceId, now: Timestamp) -> bool {
        let mut bytes = [0; MOMENT + PROOF];
        let Ok(decoded) = Base64::decode(token, &mut bytes) else { return false };
        let Some((moment, proof)) = decoded.split_first_chunk::<MOMENT>() else { return false };
        let is_true = self.proof(instance, *moment).verify_slice(proof).is_ok();
        is_true && now < Timestamp(i64::from_be_bytes(*moment))
    }

    fn proof(&self, instance: InstanceId, moment: [u8; MOMENT]) -> Hmac<Sha256> {
        let keyed = match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(keyed) => keyed,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        };
        keyed.chain_update(moment).chain_update(instance.to_string())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_one_instance_until_it_expires() {
        let (one, other): (InstanceId, InstanceId) = ("i-0a1b2c3d4e5f67890".parse().unwrap(), "i-0a1b2c3d4e5f67891".parse().unwrap());
        let secret = Secret::new([7; 32]);
        let token = secret.token(one, Timestamp(5000));
        assert_eq!(token.len(), 56, "as on AWS");
        assert!(secret.admits(&token, one, Timestamp(4999)));
        assert!(!secret.admits(&token, one, Timestamp(5000)), "it is over");
        assert!(!secret.admits(&token, other, Timestamp(0)), "it is another's");
        assert!(!Secret::new([8; 32]).admits(&token, one, Timestamp(0)), "it is of another state");
        for forged in ["", "=", "AAAA", &token[..52], &format!("{token}AAAA"), &token.replacen('A', "B", 1)] {
            assert!(!secret.admits(forged, one, Timestamp(0)), "{forged}");
        }
    }
}

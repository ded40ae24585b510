//! Keys as material: making them, reading them, and the digests that AWS knows them by.
//!
//! AWS digests a key differently by its type and by who made it: SHA-1 of the private key (PKCS #8, DER) for RSA of its own
//! making, MD5 of the public key (SubjectPublicKeyInfo, DER) for RSA of others, SHA-256 of the SSH encoding for Ed25519.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-keys.html>

use std::convert::Infallible;

use base64ct::{Base64, Encoding};
use md5::{Digest, Md5};
use model::KeyType;
use rand_core::{TryCryptoRng, TryRng};
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use ssh_key::private::Ed25519Keypair;
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, Mpint, PrivateKey, PublicKey};

use crate::edit::Edit;
use crate::error::Error;

/// How long RSA keys of our own making are, as on AWS.
const RSA_BITS: usize = 2048;

/// How long the keys of others may be. Below, OpenSSH takes none; above, no instance could check a signature in time.
const RSA_BITS_TAKEN: std::ops::RangeInclusive<u32> = 1024..=8192;

/// A public key, and the digest that AWS knows it by.
pub(crate) struct Key {
    pub key_type: KeyType,
    pub fingerprint: String,
    public: KeyData,
}

impl Key {
    /// A new key and its private half: RSA in PKCS #1, Ed25519 in OpenSSH's format, as AWS hands them out.
    pub fn make(key_type: KeyType, edit: &mut Edit<'_, '_>) -> Result<(Key, String), Error> {
        // What the key is made of was drawn here and is in order; were it not, that would be ours to mend.
        match key_type {
            KeyType::Rsa => make_rsa(edit).ok_or(Error::Internal),
            KeyType::Ed25519 => make_ed25519(edit).ok_or(Error::Internal),
        }
    }

    /// Somebody's public key: a line of OpenSSH's, an SSH2 file (RFC 4716), or SubjectPublicKeyInfo in base64 (RSA only).
    pub fn read(material: &str) -> Option<Key> {
        let material = material.trim();
        let public = match material {
            ssh2 if ssh2.starts_with("---- BEGIN SSH2 PUBLIC KEY ----") => read_ssh2(ssh2)?,
            line if line.starts_with("ssh-") => PublicKey::from_openssh(line).ok()?.key_data().clone(),
            der => of_rsa(&RsaPublicKey::from_public_key_der(&Base64::decode_vec(&without_armour(der)).ok()?).ok()?)?,
        };
        match &public {
            KeyData::Ed25519(_) => Some(Key { key_type: KeyType::Ed25519, fingerprint: sha256(&public), public }),
            KeyData::Rsa(rsa) if RSA_BITS_TAKEN.contains(&rsa.key_size()) => {
                let number = |mpint: &Mpint| BoxedUint::from_be_slice_vartime(mpint.as_positive_bytes().unwrap_or_default());
                let der = RsaPublicKey::new(number(rsa.n()), number(rsa.e())).ok()?.to_public_key_der().ok()?;
                Some(Key { key_type: KeyType::Rsa, fingerprint: hexadecimal(&Md5::digest(der.as_bytes())), public })
            }
            _ => None,
        }
    }

    /// The key as a line of `authorized_keys`, under a comment.
    pub fn line(&self, comment: &str) -> Result<String, Error> {
        PublicKey::new(self.public.clone(), comment).to_openssh().map_err(|_| Error::Internal)
    }
}

fn make_rsa(edit: &mut Edit<'_, '_>) -> Option<(Key, String)> {
    let private = RsaPrivateKey::new(&mut Random(edit), RSA_BITS).ok()?;
    let fingerprint = sha1(&private)?;
    let public = of_rsa(private.as_ref())?;
    Some((Key { key_type: KeyType::Rsa, fingerprint, public }, private.to_pkcs1_pem(LineEnding::LF).ok()?.to_string()))
}

fn make_ed25519(edit: &mut Edit<'_, '_>) -> Option<(Key, String)> {
    let private = PrivateKey::from(Ed25519Keypair::random(&mut Random(edit)));
    let public = private.public_key().key_data().clone();
    Some((Key { key_type: KeyType::Ed25519, fingerprint: sha256(&public), public }, private.to_openssh(LineEnding::LF).ok()?.to_string()))
}

fn of_rsa(public: &RsaPublicKey) -> Option<KeyData> {
    let number = |number: &BoxedUint| Mpint::from_positive_bytes(&number.to_be_bytes_trimmed_vartime());
    ssh_key::public::RsaPublicKey::new(number(public.e()), number(public.n().as_ref())).ok().map(KeyData::Rsa)
}

/// The key of an SSH2 file: base64 between two markers, behind headers that a backslash carries on to the next line.
fn read_ssh2(file: &str) -> Option<KeyData> {
    let mut body = String::new();
    let mut in_header = false;
    for line in file.lines().skip(1).map(str::trim).take_while(|line| !line.starts_with("----")) {
        let header = in_header || line.contains(':');
        in_header = header && line.ends_with('\\');
        if !header {
            body.push_str(line);
        }
    }
    Some(PublicKey::from_bytes(&Base64::decode_vec(&body).ok()?).ok()?.key_data().clone())
}

/// The base64 of a PEM file, or of one whose markers were left out.
fn without_armour(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).flat_map(str::split_whitespace).collect()
}

fn sha1(private: &RsaPrivateKey) -> Option<String> {
    Some(hexadecimal(&Sha1::digest(private.to_pkcs8_der().ok()?.as_bytes())))
}

/// As OpenSSH has it, but padded.
fn sha256(public: &KeyData) -> String {
    Base64::encode_string(public.fingerprint(HashAlg::Sha256).as_bytes())
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// The call's random numbers, for what wants a generator. In the daemon they are the kernel's.
struct Random<'e, 'a, 'c>(&'e mut Edit<'a, 'c>);

impl TryRng for Random<'_, '_, '_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|bits| bits as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.random())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.0.random().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Random<'_, '_, '_> {}

#[cfg(test)]
mod tests {
    use rsa::pkcs1::DecodeRsaPrivateKey;

    use super::*;

    /// What `openssl pkcs8 -topk8 -nocrypt -outform DER | openssl sha1 -c` says of a key that `ssh-keygen` made.
    #[test]
    fn a_private_rsa_key_has_the_fingerprint_that_aws_gives_its_own() {
        let private = RsaPrivateKey::from_pkcs1_pem(PRIVATE).unwrap();
        assert_eq!(sha1(&private).as_deref(), Some("22:5b:f5:c3:96:09:eb:97:fc:63:ef:7c:48:8f:3b:7d:25:a8:86:fb"));
    }

    /// Made for this test.
    const PRIVATE: &str = "-----BEGIN RSA PRIVATE KEY-----\n\
        MIIEogIBAAKCAQEAwSHqg9lHmwjlmj1MHpS0/HSlUob0d6sfJS4ZMBgK956aNQ7H\n\
        fKhYy0BK1/low1IgJLYsP7BEr0ZTfOFrKKFeXVDNlUi31ZevZBiyEj514tKMYZ97\n\
        5qcTA1oY6LbjfftW38DwmnIAiabR8eAp0rdVP0wgxdC7YLrkMlufIISEHwKpagvN\n\
        9V7R6hLuEpa8RE8ONCNAiQBgxjOskS9zFAdABMwjqcrFR8WTd9k1WVc6b31zH+pU\n\
        YBBRXLsPWjRKfgl+xVVB9uBacp4JBeOATjzEvvTr5to4mVNlT8weZS01+mVXrH8F\n\
        3hCzcI19Nx+9MuDAHkVDONXYryBtSWxe8mqNdQIDAQABAoIBACijKAsHpkE5IUSv\n\
        xqs9m4puSdYAVwKyEzrZxQuBV5dsPCLTYga5Dnvv4n+ot1I33tMSsONSxdUCjXEe\n\
        plNVhvtIFAXoF+RdxxYe+yMLGPd52Xd2HRY2i/Hd3JVk3B/HSauJl6bLu5C7NPw5\n\
        sFsp38pSjKfK6I5tLLRq4mPvdjRm16dzcyHC0Pq0lH+d+Jx9mKJtehbTqz1STXUU\n\
        nqeYa8elvslH1vw4mvBD3MJe0N6a9rLW0KvI+w/prYPxdsQ+Wjoaz9Tt0aoB7iQr\n\
        4Z7PqmBl3G6iscToDkP/oYpYSVn87r7spaAZm+nn8s70bXvroHnp5elOWDtDNRnt\n\
        q4kEUJkCgYEA3q8O1MfMlwRWi6pwH3BLQQQlqnut2SBFh6xWxmq+rttYPoGIoPwJ\n\
        AegLtUYd5McY97efPpBUSKs78LE08nZ7nfTvPxpztwzSAXq+nQ8jH8urFG1/rmyj\n\
        Aar+eBwf4B4Q028fnaNfQaKrGjxxADhiiYgVfWTGHOEZ4hML2jQPG9kCgYEA3gcF\n\
        mFPieuEtXA8KrsWAuXUkLUN+VOSZP4Dx1ZP+Qp+cWTQcBh47uShYrZFYYRmBKcmb\n\
        tL/rW5TLx1NmyAxvOVzpnb60VSuFb2VrqzOHd/CDZkSH1/QPrEyz4/wm3NMANyTb\n\
        CC5haaUVA0H8By3UxH4432R+RnrOftPNv4d/SP0CgYB1UuRMhUwskNOMWGsklUSA\n\
        5890iB8rU45ukgVSGvGGLPjMTfEPaFrSj1CD3IJpg+CKu0sCaoaNlvJIuQS9bmFo\n\
        8qCOrcAjxHRs5R/CnjQST3s+kwZ/fqtPeKkD3UWKDi0tSNHueyH38d2WQBwFUq/P\n\
        6EvyOgMLOiop64EGIQGI2QKBgBiI2httGZfOjj6gAuQxOvpDcY326VzkLfMQgqjB\n\
        Q9WE4bgRxA8BBER/qtzzNLr2IInHl4cvtghWtvX9x1vP0/KYy8/8pNzMhGA86tru\n\
        RMgCMeL5K7G3bIvzpeVJldnNDzcIwZNz3JvZ/Cpx/jGk5OAZupsk9bdAFtV4/kFt\n\
        7ajZAoGAE3MsWt2sB1SKKLzKqL8MxnOuqPxWgGYjZtIXtV/tLFtXRo5p2uNMW7wc\n\
        LKnlCCvy6TTxlw/Cr9KHDnFT5KJJuAVqW6gSA6zFiPUdAyRJLUmWtti99nUEH1l+\n\
        RwnErvw/LugL0r0ZFsLV39ilby1D9aeQl8H0Chf0paYr16Ql+cc=\n\
        -----END RSA PRIVATE KEY-----\n";
}

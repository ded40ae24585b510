//! Who calls, and where.
//!
//! SigV4 credentials say both: `AKIA…/20260131/us-east-1/ec2/aws4_request`, in the `Authorization` header or, presigned,
//! in the `X-Amz-Credential` parameter. They are read and not verified. The account is the access key id itself when
//! that is twelve digits, so that anybody can act as any account; else the account that AWS encodes in its keys.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html>

use model::{AccountId, Region, Scope};

use crate::error::Error;

/// What a request says about its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Whose resources, and where.
    pub scope: Scope,
    /// The service that the request is signed for, if it is signed.
    pub service: Option<String>,
    /// What is wrong with the credentials.
    pub refusal: Option<Error>,
}

impl Caller {
    /// Reads an `Authorization` header or an `X-Amz-Credential` parameter.
    pub fn new(authorization: Option<&str>, presigned: Option<&str>) -> Caller {
        let credential = authorization.and_then(credential_of).or(presigned).unwrap_or_default();
        let mut parts = credential.split('/');
        let account = account_of(parts.next().unwrap_or_default());
        let region = parts.nth(1);
        let service = parts.next().map(str::to_owned);
        let known = region.map(str::parse::<Region>);
        let refusal = matches!(known, Some(Err(_))).then_some(Error::InvalidRegion);
        let region = known.and_then(Result::ok).unwrap_or(Region::us_east_1());
        Caller { scope: Scope { account, region }, service, refusal }
    }
}

/// The credential in `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
fn credential_of(header: &str) -> Option<&str> {
    let (_, rest) = header.split_once("Credential=")?;
    rest.split([',', ' ']).next()
}

/// The account that an access key id belongs to.
fn account_of(access_key_id: &str) -> AccountId {
    access_key_id.parse().ok().or_else(|| encoded_account(access_key_id)).unwrap_or(AccountId::DEFAULT)
}

/// The account in an `AKIA…` or `ASIA…` key: behind the prefix comes base32, whose first six bytes hold the account in
/// bits 7 to 46. Bit 47 tells that they do: keys of an older make begin with `I` or `J` there and hold none.
///
/// <https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489>
fn encoded_account(access_key_id: &str) -> Option<AccountId> {
    let encoded = access_key_id.strip_prefix("AKIA").or_else(|| access_key_id.strip_prefix("ASIA"))?;
    let digits: Vec<u64> = encoded.bytes().map(base32_digit).collect::<Option<_>>()?;
    let bits = digits.get(..10)?.iter().fold(0, |bits, digit| bits << 5 | digit) >> 2;
    let holds_account = bits & 0x8000_0000_0000 != 0;
    format!("{:012}", (bits & 0x7fff_ffff_ff80) >> 7).parse().ok().filter(|_| holds_account)
}

fn base32_digit(letter: u8) -> Option<u64> {
    match letter {
        b'A'..=b'Z' => Some(u64::from(letter - b'A')),
        b'2'..=b'7' => Some(u64::from(letter - b'2') + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_come_from_the_access_key_id() {
        for (key, account) in [
            ("111122223333", "111122223333"),
            ("ASIAQNZGKIQY56JQ7WML", "029608264753"),
            ("AKIAIOSFODNN7EXAMPLE", "000000000000"),
            ("AKIAI44QH8DHBEXAMPLE", "000000000000"),
            ("AKIA", "000000000000"),
            ("AKIAQ", "000000000000"),
            ("AKIAéééééééééééé", "000000000000"),
            ("AKIA7777777777777777", "000000000000"),
            ("test", "000000000000"),
            ("", "000000000000"),
        ] {
            assert_eq!(account_of(key).to_string(), account, "{key}");
        }
    }

    #[test]
    fn headers_and_presigned_urls_say_the_same() {
        let credential = "111122223333/20260131/eu-west-1/ec2/aws4_request";
        let header = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0");
        for caller in [Caller::new(Some(&header), None), Caller::new(None, Some(credential))] {
            assert_eq!((caller.scope.account.to_string().as_str(), caller.scope.region.name()), ("111122223333", "eu-west-1"));
            assert_eq!((caller.service.as_deref(), caller.refusal), (Some("ec2"), None));
        }
    }

    #[test]
    fn nobody_is_the_default_account() {
        for header in [None, Some(""), Some("Basic abc"), Some("AWS4-HMAC-SHA256 Credential=")] {
            let caller = Caller::new(header, None);
            assert_eq!((caller.scope.account, caller.scope.region), (AccountId::DEFAULT, Region::us_east_1()), "{header:?}");
            assert_eq!(caller.refusal, None, "{header:?}");
        }
    }

    #[test]
    fn a_region_must_exist() {
        for region in ["mars-north-1", ""] {
            let caller = Caller::new(None, Some(&format!("111122223333/20260131/{region}/ec2/aws4_request")));
            assert_eq!(caller.refusal, Some(Error::InvalidRegion));
        }
    }
}

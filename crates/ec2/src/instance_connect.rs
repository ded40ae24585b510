//! EC2 Instance Connect: a public key that opens an instance for a minute.
//!
//! Pushing one checks nothing of the way to the instance: it succeeds for any that runs. Whether the key's owner then gets
//! there is up to gateway, route, network ACL and security group.
//! <https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html>

use model::{InstanceConnectKey, InstanceId, InstanceState};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::key_material::Key;
use crate::operations::Change;

/// How many keys of one instance may be good at a time. AWS throttles by the second; this bounds what is kept.
const MOST_KEYS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendSSHPublicKey {
    instance_id: Option<String>,
    #[serde(rename = "InstanceOSUser")]
    user: Option<String>,
    #[serde(rename = "SSHPublicKey")]
    public_key: Option<String>,
    availability_zone: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendSSHPublicKeyAnswer {
    request_id: String,
    success: bool,
}

impl Change for SendSSHPublicKey {
    type Answer = SendSSHPublicKeyAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let (id, user, public_key) = self.check()?;
        // An id of another length than ours is well-formed and names nothing.
        let id: InstanceId = id.parse().map_err(|_| Error::NoInstanceToConnect)?;
        let instance = edit.find(id).map_err(|_| Error::NoInstanceToConnect)?;
        if self.availability_zone.as_ref().is_some_and(|zone| *zone != instance.zone.to_string()) {
            return Err(Error::NoInstanceToConnect);
        }
        match instance.state {
            InstanceState::Running => {}
            InstanceState::Pending => return Err(Error::InstanceUnavailable),
            _ => return Err(Error::InstanceNotConnectable),
        }
        let public_key = Key::read(public_key).ok_or(Error::NotAnSshKey)?.line("")?;
        let now = edit.now();
        if instance.instance_connect_keys.active(now).count() >= MOST_KEYS {
            return Err(Error::Throttled);
        }
        let request_id = edit.request_id.clone();
        let key = InstanceConnectKey { user: user.to_owned(), public_key, pushed: now, request_id: request_id.clone() };
        edit.draft.update(id, |instance| instance.instance_connect_keys.push(key));
        Ok(SendSSHPublicKeyAnswer { request_id, success: true })
    }
}

impl SendSSHPublicKey {
    /// Instance, user and key, all of them shaped as AWS wants them; else everything that is not.
    fn check(&self) -> Result<(&str, &str, &str), Error> {
        let mut problems = Vec::new();
        let mut check = |value: &Option<String>, member: &str, lengths: std::ops::RangeInclusive<usize>, legal: fn(&str) -> bool, pattern: &str| {
            let Some(text) = value else {
                problems.push(format!("Value null at '{member}' failed to satisfy constraint: Member must not be null"));
                return;
            };
            let mut fails = |constraint: String| problems.push(format!("Value '{text}' at '{member}' failed to satisfy constraint: {constraint}"));
            if text.len() < *lengths.start() {
                fails(format!("Member must have length greater than or equal to {}", lengths.start()));
            }
            if text.len() > *lengths.end() {
                fails(format!("Member must have length less than or equal to {}", lengths.end()));
            }
            if !legal(text) {
                fails(format!("Member must satisfy regular expression pattern: {pattern}"));
            }
        };
        check(&self.instance_id, "instanceId", 10..=32, is_instance_id, "^i-[a-f0-9]+$");
        check(&self.user, "instanceOSUser", 1..=32, is_user, USER_PATTERN);
        check(&self.public_key, "sSHPublicKey", 80..=4096, |_| true, "");
        if self.availability_zone.is_some() {
            check(&self.availability_zone, "availabilityZone", 6..=32, is_zone, "^(\\w+-){2,3}\\d+\\w+$");
        }
        match (&self.instance_id, &self.user, &self.public_key) {
            (Some(id), Some(user), Some(key)) if problems.is_empty() => Ok((id, user, key)),
            _ => {
                let (count, plural) = (problems.len(), if problems.len() == 1 { "" } else { "s" });
                Err(Error::InvalidArguments { sentence: format!("{count} validation error{plural} detected: {}", problems.join("; ")) })
            }
        }
    }
}

const USER_PATTERN: &str = "(^[A-Za-z_][A-Za-z0-9\\@\\._-]{0,30}[A-Za-z0-9\\$_-]?$)|\
     (^(?=.{2,32}$)[0-9]{1,32}[A-Za-z\\@\\._-][A-Za-z0-9\\@\\._-]*[A-Za-z0-9\\$_-]?$)";

fn is_instance_id(text: &str) -> bool {
    text.strip_prefix("i-").is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| matches!(byte, b'a'..=b'f' | b'0'..=b'9')))
}

/// The pattern of user names, written out: a letter or an underscore first, or digits and then something else; at the end
/// there may be a `$`.
fn is_user(text: &str) -> bool {
    let body = text.strip_suffix('$').unwrap_or(text);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'.' | b'_' | b'-');
    let begins = body.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_' || first.is_ascii_digit());
    begins && body.bytes().all(legal) && !body.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_zone(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let parts: Vec<&str> = text.split('-').collect();
    let numbered = parts.last().is_some_and(|last| last.starts_with(|first: char| first.is_ascii_digit()) && last.len() > 1);
    matches!(parts.len(), 3 | 4) && parts.iter().all(|part| word(part)) && numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_those_that_aws_takes() {
        for legal in ["ec2-user", "ubuntu", "_apt", "a", "j.doe@corp", "machine$", "1password", "a-"] {
            assert!(is_user(legal), "{legal}");
        }
        for illegal in ["", "-a", ".a", "1", "12", "a b", "é", "a$b", "$", "@a"] {
            assert!(!is_user(illegal), "{illegal}");
        }
    }

    #[test]
    fn zones_are_named_like_zones() {
        for (text, legal) in
            [("us-east-1a", true), ("us-west-2-lax-1a", false), ("us-gov-east-1a", true), ("us-east-1", false), ("us-east-a1", false), ("a", false)]
        {
            assert_eq!(is_zone(text), legal, "{text}");
        }
    }
}

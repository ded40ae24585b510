//! EC2 Instance Connect's keys: pushed for one user of one instance, and good for a minute.
//!
//! <https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html>

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// For how long a key that was pushed lets its owner in, in milliseconds.
const LIFETIME: i64 = 60 * 1000;

/// A key that was pushed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceConnectKey {
    /// For whom in the instance.
    pub user: String,
    /// The public key, as a line of OpenSSH's `authorized_keys`.
    pub public_key: String,
    /// When it was pushed.
    pub pushed: Timestamp,
    /// The request that pushed it.
    pub request_id: String,
}

/// The keys that were pushed to an instance. Those whose minute is over cannot be read, whether or not they were
/// removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceConnectKeys(Vec<InstanceConnectKey>);

impl InstanceConnectKey {
    /// When it lets nobody in any more.
    pub fn expires(&self) -> Timestamp {
        self.pushed.plus_millis(LIFETIME)
    }
}

impl InstanceConnectKeys {
    /// Adds a key. The same key for the same user begins its minute anew.
    pub fn push(&mut self, key: InstanceConnectKey) {
        self.0.retain(|earlier| (&earlier.user, &earlier.public_key) != (&key.user, &key.public_key));
        self.0.push(key);
    }

    /// The keys that let somebody in as a user at that moment, the oldest first.
    pub fn of<'a>(&'a self, user: &'a str, now: Timestamp) -> impl Iterator<Item = &'a InstanceConnectKey> {
        self.active(now).filter(move |key| key.user == user)
    }

    /// The keys that let somebody in at that moment, as whomever.
    pub fn active(&self, now: Timestamp) -> impl Iterator<Item = &InstanceConnectKey> {
        self.0.iter().filter(move |key| now < key.expires())
    }

    /// Whether there is none, over or not.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets those whose minute is over; says when the next one's is.
    pub fn expire(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.0.retain(|key| now < key.expires());
        self.0.iter().map(InstanceConnectKey::expires).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(user: &str, public_key: &str, pushed: i64) -> InstanceConnectKey {
        InstanceConnectKey { user: user.to_owned(), public_key: public_key.to_owned(), pushed: Timestamp(pushed), request_id: "r".to_owned() }
    }

    #[test]
    fn a_key_lets_one_user_in_for_a_minute() {
        let mut keys = InstanceConnectKeys::default();
        keys.push(key("ec2-user", "one", 0));
        keys.push(key("ec2-user", "two", 1_000));
        let of = |keys: &InstanceConnectKeys, user: &str, now| keys.of(user, Timestamp(now)).map(|key| key.public_key.clone()).collect::<Vec<_>>();
        assert_eq!(of(&keys, "ec2-user", 59_999), ["one", "two"]);
        assert_eq!(of(&keys, "ubuntu", 2_000), [""; 0]);
        assert_eq!(of(&keys, "ec2-user", 60_000), ["two"], "one is over, though it was not removed");
        assert_eq!(keys.expire(Timestamp(60_000)), Some(Timestamp(61_000)));
        assert_eq!(of(&keys, "ec2-user", 0), ["two"], "one was removed");
        keys.push(key("ec2-user", "two", 30_000));
        assert_eq!(keys.expire(Timestamp(61_000)), Some(Timestamp(90_000)), "it was pushed again");
        assert_eq!(keys.expire(Timestamp(90_000)), None);
        assert!(keys.is_empty());
    }
}

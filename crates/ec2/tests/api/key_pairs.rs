//! Key pairs: made, imported, listed, deleted, and launched with.

use base64ct::{Base64, Encoding};
use ssh_key::{PrivateKey, PublicKey};

use crate::aws::Aws;

/// A key, in the formats that `ssh-keygen` and `openssl` write it in.
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDBIeqD2UebCOWaPUwelLT8dKVShvR3qx8lLhkwGAr3npo1Dsd8qFjLQErX+WjDUiAktiw/sESvRlN84WsooV5dUM2VSLfVl69kGLISPnXi0oxhn3vmpxMDWhjotuN9+1bfwPCacgCJptHx4CnSt1U/TCDF0LtguuQyW58ghIQfAqlqC831XtHqEu4SlrxETw40I0CJAGDGM6yRL3MUB0AEzCOpysVHxZN32TVZVzpvfXMf6lRgEFFcuw9aNEp+CX7FVUH24FpyngkF44BOPMS+9Ovm2jiZU2VPzB5lLTX6ZVesfwXeELNwjX03H70y4MAeRUM41divIG1JbF7yao11 rsa-test";
const RSA_SSH2: &str = "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"2048-bit RSA, converted from OpenSSH\"\nAAAAB3NzaC1yc2EAAAADAQABAAABAQDBIeqD2UebCOWaPUwelLT8dKVShvR3qx8lLhkwGA\nr3npo1Dsd8qFjLQErX+WjDUiAktiw/sESvRlN84WsooV5dUM2VSLfVl69kGLISPnXi0oxh\nn3vmpxMDWhjotuN9+1bfwPCacgCJptHx4CnSt1U/TCDF0LtguuQyW58ghIQfAqlqC831Xt\nHqEu4SlrxETw40I0CJAGDGM6yRL3MUB0AEzCOpysVHxZN32TVZVzpvfXMf6lRgEFFcuw9a\nNEp+CX7FVUH24FpyngkF44BOPMS+9Ovm2jiZU2VPzB5lLTX6ZVesfwXeELNwjX03H70y4M\nAeRUM41divIG1JbF7yao11\n---- END SSH2 PUBLIC KEY ----\n";
const RSA_SPKI: &str = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwSHqg9lHmwjlmj1MHpS0\n/HSlUob0d6sfJS4ZMBgK956aNQ7HfKhYy0BK1/low1IgJLYsP7BEr0ZTfOFrKKFe\nXVDNlUi31ZevZBiyEj514tKMYZ975qcTA1oY6LbjfftW38DwmnIAiabR8eAp0rdV\nP0wgxdC7YLrkMlufIISEHwKpagvN9V7R6hLuEpa8RE8ONCNAiQBgxjOskS9zFAdA\nBMwjqcrFR8WTd9k1WVc6b31zH+pUYBBRXLsPWjRKfgl+xVVB9uBacp4JBeOATjzE\nvvTr5to4mVNlT8weZS01+mVXrH8F3hCzcI19Nx+9MuDAHkVDONXYryBtSWxe8mqN\ndQIDAQAB\n-----END PUBLIC KEY-----\n";
/// What `openssl rsa -pubin -pubout -outform DER | openssl md5 -c` says of it.
const RSA_MD5: &str = "95:44:9f:f4:94:09:7e:99:9e:f4:3d:d7:27:6d:cc:e0";

const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMhI9+7jDJqa12wgJNnzMm6JAbXknJYyAdWFQWMHOx9R ed-test";
/// What `ssh-keygen -l` says of it, and the padding that EC2 adds.
const ED25519_SHA256: &str = "E4NYg+74R244dCTEq3JsuLasMzRb/corSrhtWuPDkkE=";

const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMgBjGFoJrNVNKi+Kq1+J3Y7YSUkjhhtYZESWaFWf+7HLh1bu35EhotfdXDKNdsmnmyMexL1c53Qnwc2kZQ2sNQ=";

fn import(name: &str, material: &str) -> String {
    let material = Base64::encode_string(material.as_bytes()).replace('+', "%2B");
    format!("ImportKeyPair KeyName={name} PublicKeyMaterial={material}")
}

#[test]
fn a_key_that_is_made_here_is_handed_out_once() {
    let mut aws = Aws::new();
    let made =
        aws.ok("CreateKeyPair KeyName=mine TagSpecification.1.ResourceType=key-pair TagSpecification.1.Tag.1.Key=a TagSpecification.1.Tag.1.Value=b");
    assert_eq!((made.get("keyName"), made.get("tagSet/item/value")), ("mine", "b"));
    assert!(made.get("keyPairId").starts_with("key-") && made.get("keyFingerprint").len() == 59, "SHA-1");
    assert!(made.get("keyMaterial").starts_with("-----BEGIN RSA PRIVATE KEY-----\n"), "as ssh reads it");
    let ed25519 = aws.ok("CreateKeyPair KeyName=ed KeyType=ed25519 KeyFormat=pem");
    let private = PrivateKey::from_openssh(ed25519.get("keyMaterial")).unwrap();

    let listed = aws.ok("DescribeKeyPairs IncludePublicKey=true");
    let [ed, mine] = listed.find("keySet/item")[..] else { panic!("two are listed") };
    assert_eq!((ed.get("keyName"), ed.get("keyType"), mine.get("keyName"), mine.get("keyType")), ("ed", "ed25519", "mine", "rsa"));
    assert_eq!((mine.get("keyFingerprint"), mine.get("createTime")), (made.get("keyFingerprint"), "2026-01-31T12:00:00.000Z"));
    let public = PublicKey::from_openssh(ed.get("publicKey")).unwrap();
    assert_eq!((public.key_data(), public.comment().as_str_lossy()), (private.public_key().key_data(), "ed"));
    assert!(mine.get("publicKey").starts_with("ssh-rsa AAAA") && mine.get("publicKey").ends_with(" mine"));
    assert!(aws.ok("DescribeKeyPairs").find("keySet/item/publicKey").is_empty(), "not unless it is asked for");
    assert!(!format!("{:?}", aws.snapshot).contains("PRIVATE KEY"), "nobody keeps the private half");
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-keys.html>
#[test]
fn a_key_that_is_imported_has_the_fingerprint_that_aws_gives_it() {
    let mut aws = Aws::new();
    for (name, material, fingerprint) in [
        ("line", RSA, RSA_MD5),
        ("ssh2", RSA_SSH2, RSA_MD5),
        ("spki", RSA_SPKI, RSA_MD5),
        ("bare", RSA_SPKI.trim_start_matches("-----BEGIN PUBLIC KEY-----").trim_end_matches("-----END PUBLIC KEY-----\n"), RSA_MD5),
        ("ed", ED25519, ED25519_SHA256),
    ] {
        let imported = aws.ok(&import(name, material));
        assert_eq!((imported.get("keyName"), imported.get("keyFingerprint")), (name, fingerprint));
        assert!(imported.find("keyMaterial").is_empty());
        let listed = aws.ok(&format!("DescribeKeyPairs KeyName.1={name} IncludePublicKey=true"));
        let line = if name == "ed" { ED25519 } else { RSA };
        assert_eq!(listed.get("keySet/item/publicKey"), format!("{} {name}", line.rsplit_once(' ').unwrap().0));
    }
    let mut filtered = aws.all(&format!("DescribeKeyPairs Filter.1.Name=fingerprint Filter.1.Value.1={RSA_MD5}"), "keySet/item/keyName");
    filtered.sort();
    assert_eq!(filtered, ["bare", "line", "spki", "ssh2"]);
}

#[test]
fn a_key_pair_is_refused_for_one_reason_after_the_other() {
    let mut aws = Aws::new();
    aws.ok(&import("mine", ED25519));
    let long = "x".repeat(256);
    aws.refuses(&[
        ("CreateKeyPair", "MissingParameter: The request must contain the parameter KeyName"),
        ("CreateKeyPair KeyName=", "InvalidParameterValue: Value () for parameter keyName is invalid."),
        ("CreateKeyPair KeyName=+a", "InvalidParameterValue: Value ( a) for parameter keyName is invalid."),
        (&format!("CreateKeyPair KeyName={long}"), "InvalidParameterValue: Value (xxx"),
        ("CreateKeyPair KeyName=k%C3%A9", "InvalidParameterValue: "),
        ("CreateKeyPair KeyName=a KeyType=dsa", "InvalidParameterValue: Value (dsa) for parameter keyType is invalid."),
        ("CreateKeyPair KeyName=a KeyFormat=ppk", "UnsupportedOperation: The parameter KeyFormat is not supported with the value 'ppk'."),
        ("CreateKeyPair KeyName=mine", "InvalidKeyPair.Duplicate: The keypair 'mine' already exists."),
        (&import("mine", RSA), "InvalidKeyPair.Duplicate: "),
        ("ImportKeyPair KeyName=a", "MissingParameter: The request must contain the parameter PublicKeyMaterial"),
        ("ImportKeyPair KeyName=a PublicKeyMaterial=%2B", "InvalidKey.Format: Key is not in valid OpenSSH public key format"),
        (&import("a", "ssh-rsa AAAA"), "InvalidKey.Format: "),
        (&import("a", ECDSA), "InvalidKey.Format: "),
        (&import("a", ""), "InvalidKey.Format: "),
        ("DescribeKeyPairs KeyName.1=mine KeyName.2=other", "InvalidKeyPair.NotFound: The key pair 'other' does not exist"),
        ("DescribeKeyPairs KeyPairId.1=key-00000000000000000", "InvalidKeyPair.NotFound: The key pair ID 'key-00000000000000000' does not exist"),
        ("DescribeKeyPairs KeyPairId.1=mine", "InvalidKeyPair.NotFound: The key pair ID 'mine' does not exist"),
        ("DeleteKeyPair", "MissingParameter: "),
    ]);
}

#[test]
fn deleting_a_key_pair_twice_succeeds() {
    let mut aws = Aws::new();
    let id = aws.get(&import("mine", ED25519), "keyPairId");
    aws.ok(&format!("CreateTags ResourceId.1={id} Tag.1.Key=a Tag.1.Value=b"));
    aws.become_caller(crate::aws::BOB, "us-east-1");
    assert!(aws.ok(&format!("DeleteKeyPair KeyPairId={id}")).find("keyPairId").is_empty(), "it is somebody else's");
    aws.ok(&import("mine", RSA));
    aws.become_caller(crate::aws::ALICE, "us-east-1");
    let deleted = aws.ok("DeleteKeyPair KeyName=mine");
    assert_eq!((deleted.get("return"), deleted.get("keyPairId")), ("true", id.as_str()));
    let again = aws.ok(&format!("DeleteKeyPair KeyPairId={id}"));
    assert!(again.get("return") == "true" && again.find("keyPairId").is_empty());
    assert!(aws.ok("DescribeTags").find("tagSet/item").is_empty());
}

/// What becomes of the key pair later changes nothing inside.
#[test]
fn an_instance_keeps_the_key_that_it_was_launched_with() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    aws.ok(&import("mine", ED25519));
    let launched = aws.ok(&format!("RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1 KeyName=mine SubnetId={subnet}"));
    assert_eq!(launched.get("instancesSet/item/keyName"), "mine");
    aws.ok("DeleteKeyPair KeyName=mine");
    aws.ok(&import("mine", RSA));
    aws.instance(&subnet);
    let found = aws.all("DescribeInstances Filter.1.Name=key-name Filter.1.Value.1=mine", "reservationSet/item/instancesSet/item/instanceId");
    assert_eq!(found, [launched.get("instancesSet/item/instanceId")]);
    let kept = aws.snapshot.all::<model::Instance>().find_map(|instance| instance.key.clone()).unwrap();
    assert_eq!(kept.public_key, ED25519.replace("ed-test", "mine"));
}

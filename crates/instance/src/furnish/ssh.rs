//! The texts of a guest's files by which one logs in over ssh.

use super::etc::{File, file};
use crate::spec::Spec;

/// Asks the metadata service for the keys that EC2 Instance Connect has pushed.
pub(crate) const KEYS_COMMAND: &str = "/run/ec2-instance-connect/authorized-keys";

/// Files that the guest's user may change for good.
pub(crate) fn first_boot(spec: &Spec) -> [File; 1] {
    // Both let root's forced command run and nothing else, each in the words of its distribution.
    let root = if spec.login == "ec2-user" { "forced-commands-only" } else { "prohibit-password" };
    [File { mode: 0o600, ..file("/etc/ssh/sshd_config", format!("{SERVER}PermitRootLogin {root}\n")) }]
}

/// The program that sshd asks for further keys.
pub(crate) fn keys_command() -> File {
    File { mode: 0o755, ..file(KEYS_COMMAND, ASK_FOR_KEYS.to_owned()) }
}

/// The login user's `authorized_keys`.
pub(crate) fn keys_of_login(spec: &Spec) -> String {
    spec.authorized_keys.iter().map(|key| format!("{key}\n")).collect()
}

/// Root's: the same keys, which only say who else to be, as on EC2's images.
pub(crate) fn keys_of_root(spec: &Spec) -> String {
    let login = &spec.login;
    let forced = format!(
        "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command=\"echo 'Please login as the user \\\"{login}\\\" rather than the user \
         \\\"root\\\".';echo;sleep 10;exit 142\""
    );
    spec.authorized_keys.iter().map(|key| format!("{forced} {key}\n")).collect()
}

const SERVER: &str = "\
HostKey /etc/ssh/ssh_host_ecdsa_key
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysCommand /run/ec2-instance-connect/authorized-keys %u
AuthorizedKeysCommandUser nobody
UsePAM no
UseDNS no
PrintMotd yes
PrintLastLog no
AcceptEnv LANG LC_*
SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
Subsystem sftp internal-sftp
";

/// All that it needs is part of every distribution's base: bash, which can speak TCP, and coreutils.
const ASK_FOR_KEYS: &str = r#"#!/bin/bash
# Prints the public keys that EC2 Instance Connect has pushed for a user in the last minute. sshd calls it:
#
#     authorized-keys USER
PATH=/usr/bin:/bin
[[ $1 =~ ^[A-Za-z0-9._-]+$ ]] || exit 0
# A metadata service that does not answer must not keep the login waiting.
[[ $in_time ]] || in_time=yes exec timeout 3 "$0" "$1"

# ask METHOD PATH HEADER: prints the body of an answer that is 200.
ask() {
    local line
    { exec 3<>/dev/tcp/169.254.169.254/80; } 2>/dev/null || return
    printf '%s %s HTTP/1.1\r\nHost: 169.254.169.254\r\n%s\r\nConnection: close\r\n\r\n' "$@" >&3
    IFS= read -r line <&3
    [[ $line == HTTP/1.?' 200'* ]] || return
    while IFS= read -r line <&3 && [[ $line != $'\r' ]]; do :; done
    head -c 65536 <&3
}

token=$(ask PUT /latest/api/token 'X-aws-ec2-metadata-token-ttl-seconds: 5') || exit 0
# Each key comes between comments and a signature.
ask GET "/latest/meta-data/managed-ssh-keys/active-keys/$1/" "X-aws-ec2-metadata-token: $token" |
    while IFS= read -r line || [[ $line ]]; do
        line=${line%$'\r'}
        if [[ $line == ssh-* || $line == ecdsa-* || $line == sk-* ]]; then printf '%s\n' "$line"; fi
    done
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::spec;

    #[test]
    fn keys_open_the_login_users_account_and_tell_root_so() {
        assert_eq!(keys_of_login(&spec()), "ssh-ed25519 AAAA alice\n");
        let root = keys_of_root(&spec());
        assert!(root.contains(r#"command="echo 'Please login as the user \"ec2-user\" rather than the user \"root\".'"#), "{root}");
        assert!(root.ends_with("exit 142\" ssh-ed25519 AAAA alice\n"), "{root}");
    }

    #[test]
    fn no_password_opens_anything() {
        let [config] = first_boot(&spec());
        assert!(config.text.contains("PasswordAuthentication no\n") && config.text.contains("PermitRootLogin forced-commands-only\n"));
    }
}

//! The texts of a guest's configuration files.

use super::accounts::Accounts;
use crate::spec::Spec;

/// A file to write.
pub(crate) struct File {
    pub(crate) path: &'static str,
    pub(crate) text: String,
    pub(crate) mode: u32,
    /// The group that it belongs to, if not root's.
    pub(crate) group: Option<u32>,
}

/// Files that the guest's user may change for good.
pub(crate) fn first_boot(spec: &Spec, shell: &str, accounts: &Accounts) -> Vec<File> {
    let login = &spec.login;
    let sudoers = format!("root ALL=(ALL:ALL) ALL\n{login} ALL=(ALL:ALL) NOPASSWD:ALL\n#includedir /etc/sudoers.d\n");
    let shadow_mode = if accounts.shadow_group.is_some() { 0o640 } else { 0o600 };
    vec![
        file("/etc/passwd", accounts.passwd.clone()),
        file("/etc/group", accounts.group.clone()),
        File { mode: shadow_mode, group: accounts.shadow_group, ..file("/etc/shadow", accounts.shadow.clone()) },
        file("/etc/shells", format!("/bin/sh\n{shell}\n")),
        file("/etc/issue", ISSUE.to_owned()),
        file("/etc/profile", PROFILE.to_owned()),
        // Debian's bash reads the one, Fedora's the other.
        file("/etc/bash.bashrc", bashrc(login)),
        file("/etc/bashrc", bashrc(login)),
        File { mode: 0o440, ..file("/etc/sudoers", sudoers) },
        file("/etc/nsswitch.conf", NAME_SERVICES.to_owned()),
        file("/etc/machine-id", machine_id(&spec.id) + "\n"),
        file("/etc/motd", format!("{}\n", spec.motd)),
    ]
}

/// Files that say who and where the guest is.
pub(crate) fn every_boot(spec: &Spec) -> Vec<File> {
    vec![file("/etc/hostname", format!("{}\n", spec.hostname)), file("/etc/hosts", hosts(spec)), file("/etc/resolv.conf", resolver(spec))]
}

/// Files of a home directory.
pub(crate) fn home(spec: &Spec) -> [(&'static str, String); 2] {
    [(".bashrc", bashrc(&spec.login)), (".bash_profile", "[ -f ~/.bashrc ] && . ~/.bashrc\n".to_owned())]
}

pub(crate) fn file(path: &'static str, text: String) -> File {
    File { path, text, mode: 0o644, group: None }
}

/// A PAM rule that lets administrators in; the dash passes over a host without the module.
pub(crate) const TRUST: &str = "-auth sufficient pam_wheel.so trust use_uid group=wheel\n";

/// What the serial port greets with, as Amazon Linux does; agetty(8) has the escapes.
const ISSUE: &str = "\\S\nKernel \\r on an \\m (\\l)\n\n";

const PROFILE: &str = "\
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022
for script in /etc/profile.d/*.sh; do
    [ -r \"$script\" ] && . \"$script\"
done
unset script
if [ -n \"$BASH_VERSION\" ] && [ -n \"$PS1\" ]; then
    . /etc/bashrc
fi
";

const NAME_SERVICES: &str = "\
passwd: files
group: files
shadow: files
hosts: files dns
networks: files
services: files
protocols: files
";

/// The prompt of the distribution that has such a login user.
fn bashrc(login: &str) -> String {
    let prompt = if login == "ec2-user" { r"[\u@\h \W]\$ " } else { r"\u@\h:\w\$ " };
    format!("[ -n \"$PS1\" ] || return 0\nPS1='{prompt}'\nshopt -s checkwinsize\n")
}

/// IPv6 is not offered. The guest knows its own name even where the resolver does not tell names, as EC2's images do: `sudo` looks it up.
fn hosts(spec: &Spec) -> String {
    let Spec { hostname, domain, address, .. } = spec;
    format!("127.0.0.1 localhost localhost.localdomain\n{address} {hostname}.{domain} {hostname}\n")
}

/// As a DHCP client would write it. Of more than three servers the C library asks the first three (resolv.conf(5)).
fn resolver(spec: &Spec) -> String {
    let search = if spec.search.is_empty() { String::new() } else { format!("search {}\n", spec.search.join(" ")) };
    let servers: String = spec.nameservers.iter().map(|address| format!("nameserver {address}\n")).collect();
    let options = if servers.is_empty() { "" } else { "options timeout:2 attempts:5\n" };
    search + &servers + options
}

/// 32 hexadecimal digits that are this instance's alone, as its id is.
fn machine_id(id: &str) -> String {
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).take(32).collect();
    format!("{digits:0<32}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::spec;

    #[test]
    fn a_machine_id_is_32_digits() {
        assert_eq!(machine_id("i-0123456789ABCDEF0"), "0123456789abcdef0000000000000000");
    }

    #[test]
    fn resolvers_are_named_where_there_are_some() {
        assert_eq!(resolver(&spec()), "search ec2.internal\n");
        let with =
            Spec { search: vec!["a.example".into(), "b.example".into()], nameservers: vec![[10, 1, 4, 53].into(), [10, 1, 0, 2].into()], ..spec() };
        assert_eq!(resolver(&with), "search a.example b.example\nnameserver 10.1.4.53\nnameserver 10.1.0.2\noptions timeout:2 attempts:5\n");
        assert_eq!(resolver(&Spec { search: Vec::new(), ..spec() }), "");
    }

    #[test]
    fn a_guest_knows_its_own_name() {
        assert_eq!(hosts(&spec()), "127.0.0.1 localhost localhost.localdomain\n10.1.4.7 ip-10-1-4-7.ec2.internal ip-10-1-4-7\n");
    }

    #[test]
    fn prompts_are_those_of_the_distribution() {
        assert!(bashrc("ec2-user").contains(r"PS1='[\u@\h \W]\$ '"));
        assert!(bashrc("ubuntu").contains(r"PS1='\u@\h:\w\$ '"));
    }
}

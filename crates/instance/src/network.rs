//! A guest's network as the guest sees it: the loopback interface and settings that hold for whatever comes, and whether `eth0` has come.

use std::{fs, path::Path};

use crate::{
    error::{Doing, Error},
    syscall,
};

/// Prepares the network namespace that this process is in.
pub(crate) fn prepare(ttl: u8) -> Result<(), Error> {
    let settings = [
        ("net/ipv4/ip_default_ttl", ttl.to_string()),
        // Everyone may ping, also where the host's `ping` has no file capability.
        ("net/ipv4/ping_group_range", "0 65535".to_owned()),
        // No IPv6 address is offered yet, and a link-local one would only make noise.
        ("net/ipv6/conf/all/disable_ipv6", "1".to_owned()),
        ("net/ipv6/conf/default/disable_ipv6", "1".to_owned()),
    ];
    for (name, value) in settings {
        let path = Path::new("/proc/sys").join(name);
        // A kernel may come without IPv6.
        if path.exists() {
            fs::write(&path, value).doing_with(|| format!("setting {name}"))?;
        }
    }
    let socket = syscall::interface_socket().doing("opening a socket")?;
    syscall::set_interface_up(&socket, c"lo").doing("starting the loopback interface")
}

/// What keeps `eth0` from answering an ARP request, which is how EC2 checks instances.
pub(crate) fn trouble() -> Option<&'static str> {
    const CARRIED: libc::c_int = libc::IFF_UP | libc::IFF_RUNNING;
    let Ok(socket) = syscall::interface_socket() else { return Some("it has no network") };
    match syscall::interface_flags(&socket, c"eth0") {
        Err(_) => Some("there is no eth0"),
        Ok(flags) if flags & CARRIED != CARRIED => Some("eth0 is down"),
        Ok(_) => (!syscall::interface_has_address(&socket, c"eth0")).then_some("eth0 has no address"),
    }
}

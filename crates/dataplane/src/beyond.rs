//! The way beyond: what the internet sends to addresses that nobody there has comes out of a device, and what is written to
//! the device comes from them.
//!
//! It lives as long as its descriptor. Everything is inside the internet's namespace; the machine's own is not touched.

use std::os::fd::OwnedFd;

use model::Ipv4Cidr;
use model::internet::{BEYOND, THRESHOLD};

use crate::error::{Doing, Result};
use crate::internet::Internet;
use crate::network::Route;
use crate::tap;
use crate::uplink::FORWARDING;

/// Its name on the internet.
pub(crate) const NAME: &str = "beyond";

impl Internet {
    /// Makes the device, and the way to it. An uplink that is to be there is there already.
    pub fn lead_beyond(&self) -> Result<OwnedFd> {
        let _one_at_a_time = self.lock();
        let device = self.namespace().run(|| tap::open(NAME, libc::IFF_TUN | libc::IFF_NO_PI))?;
        let doing = || format!("set up {NAME}");
        let internet = self.namespace().netlink()?;
        let link = internet.link_index(NAME).doing(doing)?;
        internet.add_address(link, THRESHOLD, None).doing(doing)?;
        internet.bring_up(link).doing(doing)?;
        // When the device has ended nobody is told that there is no way.
        internet.add_blackhole().doing(doing)?;
        for first in [0, 128] {
            let Some(half) = Ipv4Cidr::new([first, 0, 0, 0].into(), 1) else { unreachable!("1 is a prefix length") };
            internet.set_route(&Route { to: Some(half), link, router: BEYOND, source: None }).doing(doing)?;
        }
        self.namespace().apply_settings(&[(FORWARDING, "1")])?;
        Ok(device)
    }
}

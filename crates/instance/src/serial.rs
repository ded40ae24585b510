//! A guest's serial port, `ttyS0`, while somebody sits at it.
//!
//! It asks for a name and a password, by `agetty` and `login` of the guest's own programs: who has neither does not get in, and an image's users
//! have no passwords. Nothing waits at the port of a guest that nobody looks at. A process of its own enters the guest (`serve`), lays the
//! line, starts `agetty` again whenever it ends, and carries both directions; what the line shows is copied to the guest's console log. When its
//! standard input ends, it hangs up, as a modem does: the kernel ends the session on the line, so that nobody finds it open later.
//!
//! Standard input has [`Input`]s; standard output has [`READY`] and then what the line shows. An error before that is on standard error.

mod getty;
mod input;
mod line;
mod relay;

use std::io::{self, Write};

use crate::{
    enter,
    error::{Doing, Error},
    guest::Guest,
    serial::{getty::Getty, line::Line, relay::Relay},
};

pub use input::{Input, LONGEST_KEYS};

/// What is said first, once the line is there.
pub const READY: &str = "ready\n";

/// Serves a guest's serial port until whoever is at it leaves, or the guest ends.
///
/// The calling process must have a single thread. It moves into the guest's namespaces for good, and should do nothing but exit afterwards.
pub(crate) fn serve(guest: &Guest) -> Result<(), Error> {
    let inside = enter::go_in(guest)?;
    let mut getty = Getty::find(inside.alone, inside.groups)?;
    let mut line = Line::open()?;
    let relay = Relay::new(inside.init)?;
    getty.start(&line)?;
    let mut stdout = io::stdout();
    stdout.write_all(READY.as_bytes()).and_then(|()| stdout.flush()).doing("saying that the line is there")?;
    let served = relay.serve(&mut line, &mut getty);
    line.hang_up();
    getty.end();
    served
}

//! How soon the scheduler runs a thread that has been woken.

#![expect(unsafe_code, reason = "setpriority(2) has no safe wrapper here")]

/// Between an ordinary thread and the most urgent one.
const NICE: libc::c_int = -10;

/// Asks that the calling thread run soon after it is woken, before the guests' own programs: the first packet of every
/// flow waits for it. That it may not have this is no reason to fail.
pub(crate) fn raise() {
    // SAFETY: it takes numbers only. On Linux 0 is the calling thread, not its process.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) } != 0 {
        tracing::debug!(error = %std::io::Error::last_os_error(), "the slow path runs at ordinary priority");
    }
}

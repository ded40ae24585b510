//! How soon the scheduler runs a thread that has been woken.

#![expect(unsafe_code, reason = "sched_setattr(2) has no safe wrapper here")]

/// Between an ordinary thread and the most urgent one.
const NICE: i32 = -10;
/// How long it runs at a stretch, in nanoseconds; the shortest that there is. Who asks for little is served early:
/// it is what the deadline is computed from. Linux before 6.12 does not look at it.
const SLICE: u64 = 100_000;

/// Asks that the calling thread run soon after it is woken, before the guests' own programs: the first packet of every
/// flow waits for it. That it may not have this is no reason to fail.
pub(crate) fn raise() {
    // SAFETY: all zeroes is a legal `sched_attr`.
    let mut wanted: libc::sched_attr = unsafe { std::mem::zeroed() };
    wanted.size = size_of::<libc::sched_attr>() as u32;
    wanted.sched_policy = libc::SCHED_OTHER.cast_unsigned();
    wanted.sched_nice = NICE;
    wanted.sched_runtime = SLICE;
    // SAFETY: the structure says its size and lives until the call returns; 0 is the calling thread.
    if unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const wanted, 0) } != 0 {
        tracing::debug!(error = %std::io::Error::last_os_error(), "the slow path runs at ordinary priority");
    }
}

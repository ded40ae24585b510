//! Whether and where tests with packets run.

use std::process::Command;

/// Runs the test where it cannot touch this machine's network, mounts or processes. `PEERLESS_TEST_PACKETS` says
/// whether at all: `no` skips it, `yes` says that this is the place already.
pub fn with_packets(test_name: &str, test: impl FnOnce()) {
    match std::env::var("PEERLESS_TEST_PACKETS").as_deref() {
        Ok("no") => eprintln!("SKIPPED {test_name}: PEERLESS_TEST_PACKETS=no"),
        Ok("yes") => test(),
        _ if !nix::unistd::geteuid().is_root() => eprintln!("SKIPPED {test_name}: needs root"),
        _ => {
            let sandbox = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/sandbox");
            let itself = std::env::current_exe().unwrap();
            let status =
                Command::new(sandbox).arg(itself).args(["--exact", test_name, "--nocapture"]).env("PEERLESS_TEST_PACKETS", "yes").status().unwrap();
            assert!(status.success(), "{test_name} failed in its sandbox");
        }
    }
}

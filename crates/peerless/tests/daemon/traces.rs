//! What a daemon has on its host.

use std::process::Command;

/// What of the daemon of that name is on this (sandboxed) host: links, mounts, cgroups, bpf pins and processes.
pub fn traces(name: &str) -> Vec<String> {
    let lines = |text: std::io::Result<String>, mark: &str| -> Vec<String> {
        text.unwrap_or_default().lines().filter(|line| line.contains(mark)).map(str::to_owned).collect()
    };
    let mut found = lines(std::fs::read_to_string("/proc/self/mountinfo"), &format!("-{name}/"));
    found.extend(lines(std::fs::read_to_string("/proc/net/dev"), ":").iter().map(|line| line.split(':').next().unwrap().trim().to_owned()));
    let find = Command::new("find").args(["/sys/fs/cgroup", "-type", "d", "-path", "*peerless*"]).output().unwrap();
    found.extend(String::from_utf8(find.stdout).unwrap().lines().filter(|path| path.contains(name)).map(str::to_owned));
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let has = |file: &str, mark: &str| {
            std::fs::read(process.path().join(file)).is_ok_and(|content| content.windows(mark.len()).any(|window| window == mark.as_bytes()))
        };
        if has("environ", &format!("PEERLESS_NAME={name}")) || has("cgroup", &format!("/{name}/")) {
            found.push(format!("process {}", process.path().display()));
        }
    }
    found.sort();
    found
}

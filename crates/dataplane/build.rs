//! Compiles the programs in `ebpf/` with clang, for the target that the kernel loads.
//!
//! `CLANG` names another compiler.

use std::path::PathBuf;
use std::process::{Command, exit};

fn main() {
    println!("cargo::rerun-if-env-changed=CLANG");
    // Asked for when it runs: checkouts that share a target folder share the program.
    let manifest = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let sources = manifest.join("../../ebpf");
    for file in ["fabric.bpf.c", "fabric.h"] {
        println!("cargo::rerun-if-changed={}", sources.join(file).display());
    }
    let clang = std::env::var("CLANG").unwrap_or_else(|_| "clang".to_owned());
    let object = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("fabric.bpf.o");
    let mut command = Command::new(&clang);
    command.args(["-O2", "-g", "-mcpu=v3", "-target", "bpf", "-Wall", "-Wextra", "-Werror", "-c"]);
    // The kernel's headers for `asm/`, which BPF has none of: those of this machine.
    command.arg(format!("-I/usr/include/{}", multiarch_triple()));
    command.arg(sources.join("fabric.bpf.c")).arg("-o").arg(&object);
    match command.status() {
        Ok(status) if status.success() => {}
        Ok(status) => fail(&format!("{clang} could not compile ebpf/fabric.bpf.c ({status}); it needs the headers of libbpf and of the kernel")),
        Err(error) => fail(&format!("{clang} cannot be run: {error}; install clang or set CLANG")),
    }
}

/// Where Debian and its children keep headers that differ by architecture; elsewhere the folder does not exist and the
/// headers are found without it.
fn multiarch_triple() -> String {
    let asked = Command::new("gcc").arg("-print-multiarch").output().ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let asked = asked.map(|triple| triple.trim().to_owned()).filter(|triple| !triple.is_empty());
    asked.unwrap_or_else(|| format!("{}-linux-gnu", std::env::consts::ARCH))
}

fn fail(reason: &str) -> ! {
    println!("cargo::error={reason}");
    exit(1)
}

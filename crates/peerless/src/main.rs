//! Amazon VPC on your own machine, with real packets.
//!
//! This crate is the wiring: arguments, sockets, threads, the clock and randomness. What a VPC does is in `semantics`,
//! what the API says in `ec2`, what Linux does in `dataplane` and `instance`.

mod cli;
mod control;
mod daemon;
mod doctor;
mod flow;
mod frame;
mod map;
mod probed;
mod resolve;
mod runtime;
mod ssh_server;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // A guest's processes are this same program, started again with a single thread.
    if arguments.next().is_some_and(|first| first == "__guest") {
        return instance::guest_main(arguments);
    }
    cli::main()
}

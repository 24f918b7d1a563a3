//! `crm_simulate` alone, without the daemon: a small program to build and to measure.

use std::process::ExitCode;

fn main() -> ExitCode {
    pacemaker::crm_simulate(std::env::args_os().skip(1).collect())
}

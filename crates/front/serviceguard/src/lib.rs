//! Serviceguard's commands: same names, options, messages and exit codes, on the one document.
//!
//! **Not here:** decisions; a command changes the document, and the scheduler does the rest. What files
//! mean is in `serviceguard`.

mod apply;
mod call;
mod check;
mod deferred;
mod deleteconf;
mod detach;
mod engine;
mod getconf;
mod halted;
mod home;
mod lock;
mod looked;
mod maintain;
mod makepkg;
mod migrate;
mod modnet;
mod nodes;
mod packages;
mod power;
mod preview;
mod querycl;
mod resources;
mod roles;
mod scancl;
mod seen;
mod services;
mod switches;
mod viewcl;
mod viewconf;

use std::ffi::OsString;
use std::process::ExitCode;

/// A command; it gets the words after its name.
pub type Entry = fn(Vec<OsString>) -> ExitCode;

/// Every command, by the name that it is called with.
pub const TOOLS: [(&str, Entry); 26] = [
    ("cmapplyconf", |words| call::run("cmapplyconf", words, apply::cmapplyconf)),
    ("cmcheckconf", |words| call::run("cmcheckconf", words, check::cmcheckconf)),
    ("cmdeleteconf", |words| call::run("cmdeleteconf", words, deleteconf::cmdeleteconf)),
    ("cmgetconf", |words| call::run("cmgetconf", words, getconf::cmgetconf)),
    ("cmgetpkgenv", |words| call::run("cmgetpkgenv", words, getconf::cmgetpkgenv)),
    ("cmgetresource", |words| call::run("cmgetresource", words, resources::cmgetresource)),
    ("cmhaltcl", |words| call::run("cmhaltcl", words, power::cmhaltcl)),
    ("cmhaltnode", |words| call::run("cmhaltnode", words, nodes::cmhaltnode)),
    ("cmhaltpkg", |words| call::run("cmhaltpkg", words, packages::cmhaltpkg)),
    ("cmhaltserv", |words| call::run("cmhaltserv", words, services::cmhaltserv)),
    ("cmmakepkg", |words| call::run("cmmakepkg", words, makepkg::cmmakepkg)),
    ("cmmigratepkg", |words| call::run("cmmigratepkg", words, migrate::cmmigratepkg)),
    ("cmmodnet", |words| call::run("cmmodnet", words, modnet::cmmodnet)),
    ("cmmodpkg", |words| call::run("cmmodpkg", words, switches::cmmodpkg)),
    ("cmquerycl", |words| call::run("cmquerycl", words, querycl::cmquerycl)),
    ("cmruncl", |words| call::run("cmruncl", words, power::cmruncl)),
    ("cmrunnode", |words| call::run("cmrunnode", words, power::cmrunnode)),
    ("cmrunpkg", |words| call::run("cmrunpkg", words, packages::cmrunpkg)),
    ("cmrunserv", |words| call::run("cmrunserv", words, services::cmrunserv)),
    ("cmscancl", |words| call::run("cmscancl", words, scancl::cmscancl)),
    ("cmsetresource", |words| call::run("cmsetresource", words, resources::cmsetresource)),
    ("cmstartres", |words| call::run("cmstartres", words, deferred::cmstartres)),
    ("cmstopres", |words| call::run("cmstopres", words, deferred::cmstopres)),
    ("cmversion", |words| call::run("cmversion", words, viewconf::cmversion)),
    ("cmviewcl", |words| call::run("cmviewcl", words, viewcl::cmviewcl)),
    ("cmviewconf", |words| call::run("cmviewconf", words, viewconf::cmviewconf)),
];

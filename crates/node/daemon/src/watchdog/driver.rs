//! What a watchdog driver is asked for. Source: the kernel's watchdog API, `linux/watchdog.h`.

use std::ffi::c_int;
use std::fs::File;
use std::io;
use std::time::Duration;

use rustix::ioctl::{Opcode, Updater, ioctl, opcode};

const SET_TIMEOUT: Opcode = opcode::read_write::<c_int>(b'W', 6);
const GET_TIMEOUT: Opcode = opcode::read::<c_int>(b'W', 7);

/// Sets the time if one is asked for, and answers what it is then.
///
/// # Errors
/// When the driver takes a longer one only: others would be told too little.
pub(super) fn set_timeout(device: &File, asked: Option<Duration>) -> io::Result<Duration> {
    let mut seconds: c_int = 0;
    match asked {
        Some(asked) => {
            // Rounded down: a driver counts in seconds.
            seconds = c_int::try_from(asked.as_secs().max(1)).unwrap_or(c_int::MAX);
            call::<SET_TIMEOUT>(device, &mut seconds)?;
        }
        None => call::<GET_TIMEOUT>(device, &mut seconds)?,
    }
    let is = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    match asked {
        Some(asked) if is > asked => Err(io::Error::other(format!(
            "its shortest time is {} s, and {} s are configured",
            is.as_secs(),
            asked.as_secs()
        ))),
        Some(_) | None => Ok(is),
    }
}

#[expect(unsafe_code, reason = "rustix has no safe call for these requests")]
fn call<const REQUEST: Opcode>(device: &File, seconds: &mut c_int) -> io::Result<()> {
    // SAFETY: both requests take a pointer to an `int`, which they read or write and do not keep.
    unsafe {
        let request = Updater::<REQUEST, c_int>::new(seconds);
        ioctl(device, request)?;
    }
    Ok(())
}

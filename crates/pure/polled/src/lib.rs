//! Values of polled resources: which program says one, or what of the machine, and how it is written.
//!
//! A resource has a path, such as `/system/jobQueue5Min`. An operator's program of that path prints its value;
//! without one, [`Native`] names those of HP's monitors whose answer Linux has.
//!
//! **Not here:** running programs, reading the machine (`own_agents`), and which values are well (`serviceguard`).
//!
//! **Always:** what is no value is none; nobody guesses.
//!
//! Field words: Serviceguard *EMS resource*, `RESOURCE_NAME`; HP *Event Monitoring Service*.

mod native;

pub use native::{Minutes, Native, available_mb, is_mount_point, job_queue, lan_status, users};

/// Below it is a program for each resource, called as the resource is.
pub const PROGRAMS: &str = "/etc/cmcluster/resources";

/// So much of what a program prints is read (bytes). Source: the manual, of the longest value.
pub const VALUE_MAX: usize = 1024;

/// Where the program of a resource is, if the resource is a path below the root.
pub fn program(directory: &str, resource: &str) -> Option<String> {
    let parts = resource.strip_prefix('/')?;
    let is_name = |part: &str| !part.is_empty() && part != "." && part != "..";
    parts.split('/').all(is_name).then(|| format!("{directory}{resource}"))
}

/// The value in what a program printed: its first line. Where numbers are compared it must be one, since a text would
/// be compared all the same.
///
/// # Errors
/// Why there is none, in words.
pub fn value(printed: &str, is_number: bool) -> Result<String, String> {
    let line = printed.lines().next().unwrap_or_default();
    let value: String = line.trim().chars().filter(|letter| !letter.is_control()).collect();
    if value.is_empty() {
        return Err("it prints no value".to_owned());
    }
    if is_number && !value.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(format!("`{value}` is no number"));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_called_as_its_resource() {
        let of = |resource| program("/r", resource);
        assert_eq!(of("/net/lines").as_deref(), Some("/r/net/lines"));
        for resource in ["net", "", "/", "/a//b", "/a/", "/../etc/x", "/a/./b"] {
            assert_eq!(of(resource), None, "{resource}");
        }
    }

    #[test]
    fn the_first_line_is_the_value() {
        for (printed, wanted) in
            [("UP\n", "UP"), (" On Course \nmore", "On Course"), ("4\r\n", "4"), ("-1.5", "-1.5")]
        {
            assert_eq!(value(printed, false).as_deref(), Ok(wanted));
        }
        for printed in ["", "\n", " \t\nUP"] {
            assert_eq!(value(printed, false).unwrap_err(), "it prints no value");
        }
    }

    #[test]
    fn a_text_is_no_number() {
        for printed in ["12 MB", "many", "nan", "inf", "0x10"] {
            assert!(value(printed, false).is_ok());
            assert_eq!(value(printed, true).unwrap_err(), format!("`{printed}` is no number"));
        }
        for printed in ["12", "-3", "1e3", "0.5"] {
            assert_eq!(value(printed, true).as_deref(), Ok(printed));
        }
    }
}

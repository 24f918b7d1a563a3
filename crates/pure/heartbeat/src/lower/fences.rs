//! Fence devices: what `stonith` and `stonith_host` name, as agents of today.

use super::plugins::{Plugin, plugin};
use super::xml::Primitive;
use super::{File, Kind, Making};
use crate::settings::{Device, Parameters};

/// Makes the devices; whether there is one.
pub(super) fn lower(making: &mut Making<'_>) -> bool {
    let devices = &making.settings.devices;
    let mut made = 0;
    for (number, device) in (1..).zip(devices) {
        if one(making, number, device) {
            made += 1;
        }
    }
    if made == 0 && !devices.is_empty() {
        let text = "none of the fence devices could be taken over: the cluster does not fence until you add \
                    one";
        making.say(File::HaCf, 0, Kind::ToDo, text);
    }
    made > 0
}

fn one(making: &mut Making<'_>, number: u32, device: &Device) -> bool {
    let Device { line, from, kind, parameters } = device;
    let known = match plugin(kind) {
        Ok(known) => known,
        Err(why) => {
            making.say(File::HaCf, *line, Kind::ToDo, format!("the fence device {kind}: {why}"));
            return false;
        }
    };
    let Some(values) = values(making, device, parameters) else { return false };
    count(making, known, *line, values.len());
    let said: Vec<(String, String)> =
        known.all().map(|(name, _)| (*name).to_owned()).zip(values).collect();
    let (told, asked) = known.tell(&said);
    let named: Vec<(String, String)> =
        told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let id = format!("stonith_{number}");
    let primitive = Primitive {
        id: &id,
        agent: ("stonith", None, known.agent),
        parameters: &named,
        monitor: ("60s", "60s"),
    };
    making.resources.push_str(&primitive.to_string());
    if let Some(from) = from {
        making.constraints.push_str(&format!(
            "<rsc_location id=\"rsc_location_{id}\" rsc=\"{id}\"><rule id=\"rsc_location_{id}_rule\" \
             score=\"-INFINITY\"><expression id=\"rsc_location_{id}_expr\" attribute=\"#uname\" \
             operation=\"ne\" value=\"{from}\"/></rule></rsc_location>"
        ));
    }
    let who = from.as_ref().map_or("any node".to_owned(), |from| format!("{from} only"));
    let text = format!("the fence device {kind} becomes {id} ({}), used by {who}", known.agent);
    making.say(File::HaCf, *line, Kind::Becomes, text);
    for ask in asked {
        making.say(File::HaCf, *line, Kind::ToDo, format!("{id}: {ask}"));
    }
    true
}

/// Says so where a line has too few parameters, or too many.
fn count(making: &mut Making<'_>, known: &Plugin, line: u32, given: usize) {
    if (known.parameters.len()..=known.all().count()).contains(&given) {
        return;
    }
    let expected: Vec<&str> = known.parameters.iter().map(|(name, _)| *name).collect();
    let what = format!("{} has {given} parameters", known.name);
    making.findings.warning(line, what, &format!("expected: {}", expected.join(" ")));
}

/// The parameters' values; of a file, the words of its first line that says something.
fn values(
    making: &mut Making<'_>,
    device: &Device,
    parameters: &Parameters,
) -> Option<Vec<String>> {
    match parameters {
        Parameters::Here(values) => Some(values.clone()),
        Parameters::File(path) => {
            let text = making.machines.files.get(path);
            let line = text.into_iter().flat_map(|text| text.lines()).map(str::trim);
            let said = line.into_iter().find(|line| !line.is_empty() && !line.starts_with('#'));
            if said.is_none() {
                let what = format!(
                    "the parameters of {} are in {path}, which cannot be read",
                    device.kind
                );
                making.findings.error(device.line, what, "expected: a file with one line");
            }
            Some(said?.split_whitespace().map(str::to_owned).collect())
        }
    }
}

//! The controller of one node, its fabric, disk, agents and clock played by the test.

mod access;
mod attributes;
mod authors;
mod broken_device;
mod causes;
mod declared_off;
mod device_users;
mod even_match;
mod expired_failure;
mod fabric_file;
mod idle;
mod keepers;
mod leaving;
mod met_while_forming;
mod no_quorum;
mod node;
mod quorum_beside_a_lock;
mod quorum_by_rule;
mod quorum_of_previous;
mod reduced_quorum;
mod self_fencing;
mod sightings;
mod slow_disk;

//! A cluster of three nodes on one machine, for looking at and for checking.

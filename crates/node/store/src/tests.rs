mod crash;
mod directory;
mod memory;

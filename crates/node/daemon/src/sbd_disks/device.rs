//! One disk: sectors read and written past every cache.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{OFlags, ioctl_blksszget};
use sbd::{HEADER_BYTES, Header, Letter, Message, Owner, mailbox_sector, slot_sector};

/// What the kernel wants buffers to begin at, for any disk.
const ALIGNMENT: usize = 4096;

/// Open for both ways.
#[derive(Debug)]
pub(super) struct Device {
    file: File,
    sector_size: u32,
}

impl Device {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // Other machines write to it, so nothing of it is to be remembered here.
        let flags = (OFlags::DIRECT | OFlags::SYNC).bits();
        let flags = i32::try_from(flags).map_err(io::Error::other)?;
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        if !file.metadata()?.file_type().is_block_device() {
            return Err(io::Error::other("this is no block device"));
        }
        let sector_size = ioctl_blksszget(&file)?;
        if usize::try_from(sector_size).map_or(true, |size| size < HEADER_BYTES) {
            return Err(io::Error::other(format!("sectors of {sector_size} bytes")));
        }
        Ok(Self { file, sector_size })
    }

    fn size(&self) -> usize {
        usize::try_from(self.sector_size).unwrap_or(ALIGNMENT)
    }

    fn at(&self, sector: u64) -> u64 {
        sector * u64::from(self.sector_size)
    }

    fn read(&self, sector: u64) -> io::Result<Vec<u8>> {
        let mut buffer = Aligned::new(self.size());
        self.file.read_exact_at(buffer.bytes(), self.at(sector))?;
        Ok(buffer.bytes().to_vec())
    }

    fn write(&self, sector: u64, bytes: &[u8]) -> io::Result<()> {
        let mut buffer = Aligned::new(self.size());
        buffer.bytes().iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        self.file.write_all_at(buffer.bytes(), self.at(sector))
    }

    pub(super) fn header(&self) -> io::Result<Header> {
        Header::read(&self.read(0)?, self.sector_size).map_err(io::Error::other)
    }

    pub(super) fn owner(&self, slot: u8) -> io::Result<Owner> {
        Ok(Owner::read(&self.read(slot_sector(slot))?))
    }

    pub(super) fn letter(&self, slot: u8) -> io::Result<Letter> {
        Ok(Letter::read(&self.read(mailbox_sector(slot))?))
    }

    /// The slot that is a node's.
    pub(super) fn slot_of(&self, header: &Header, node: &str) -> io::Result<Option<u8>> {
        for slot in 0..header.slots {
            if self.owner(slot)?.is(node) {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    fn free_slot(&self, header: &Header) -> io::Result<u8> {
        for slot in 0..header.slots {
            if self.owner(slot)? == Owner::Nobody {
                return Ok(slot);
            }
        }
        Err(io::Error::other("it has no free slot"))
    }

    /// Finds this node's slot, or takes a free one. Another node may take the same at the same time:
    /// who finds itself in it after a while has it.
    pub(super) fn claim(&self, header: &Header, node: &str) -> io::Result<u8> {
        loop {
            if let Some(slot) = self.slot_of(header, node)? {
                return Ok(slot);
            }
            let slot = self.free_slot(header)?;
            let owner = Owner::Node(node.to_owned());
            self.write(slot_sector(slot), &owner.write(self.size()))?;
            std::thread::sleep(header.claim);
        }
    }

    /// Empties a mailbox.
    pub(super) fn clear(&self, slot: u8) -> io::Result<()> {
        let nothing = Letter { message: Message::Clear, from: String::new() };
        self.write(mailbox_sector(slot), &nothing.write(self.size()))
    }
}

/// Bytes that begin where the kernel wants them.
struct Aligned {
    room: Vec<u8>,
    begin: usize,
    size: usize,
}

impl Aligned {
    fn new(size: usize) -> Self {
        let room = vec![0; size + ALIGNMENT];
        let begin = room.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Self { room, begin, size }
    }

    fn bytes(&mut self) -> &mut [u8] {
        self.room.get_mut(self.begin..self.begin + self.size).unwrap_or_default()
    }
}

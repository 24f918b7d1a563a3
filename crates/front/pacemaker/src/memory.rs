//! Huge pages for large documents: with pages of 4 kB, a fifth of the time that a large decision
//! takes is the kernel's, handing out memory.
//!
//! **Not here:** anything that a decision depends on. Where this does not work, it is just slower.

/// Smaller documents fit into what a few pages hold.
const LARGE: u64 = 1 << 19;

/// A decision takes about so many times the memory of the document's text.
const TIMES_THE_TEXT: u64 = 4;

/// More is not asked for at once: it may not be there.
const ROOM_MAX: u64 = 1 << 31;

/// Prepares this process's memory for a document of so many bytes, if that is large.
///
/// For a process that ends soon: from here on it gives nothing back.
pub(crate) fn expect_document(bytes: u64) {
    if bytes >= LARGE
        && let Ok(room) = usize::try_from(bytes.saturating_mul(TIMES_THE_TEXT).min(ROOM_MAX))
    {
        make_room(room);
    }
}

/// Takes `room` bytes as huge pages and leaves them to the allocator, which takes from there first.
#[cfg(target_env = "gnu")]
#[expect(
    unsafe_code,
    reason = "the allocator's settings and advice on memory have no safe wrapper"
)]
fn make_room(room: usize) {
    const KEEP: libc::c_int = 1 << 30;
    /// Advice must begin at a page; 64 kB is a multiple of every machine's.
    const PAGE: usize = 1 << 16;
    // SAFETY: both only set numbers of the allocator's.
    unsafe {
        // All from one place, even what is large, and nothing back to the kernel.
        libc::mallopt(libc::M_MMAP_THRESHOLD, KEEP);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEEP);
    }
    let mut place: Vec<u8> = Vec::new();
    if place.try_reserve_exact(room).is_err() {
        return;
    }
    let memory = place.spare_capacity_mut();
    let skipped = memory.as_ptr().align_offset(PAGE);
    let length = memory.len().saturating_sub(skipped) / PAGE * PAGE;
    if let Some(aligned) = memory.get_mut(skipped..).filter(|_| length > 0) {
        // SAFETY: the range is inside `place`, and this advice changes no contents.
        unsafe { libc::madvise(aligned.as_mut_ptr().cast(), length, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_env = "gnu"))]
fn make_room(_room: usize) {}

#[cfg(test)]
mod tests {
    use super::expect_document;

    #[test]
    fn any_size_may_be_expected() {
        for bytes in [0, 1 << 20, u64::MAX] {
            expect_document(bytes);
        }
        let text = "x".repeat(3 << 20);
        assert!(text.bytes().all(|byte| byte == b'x'));
    }
}

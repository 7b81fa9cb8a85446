//! The caller's one block of memory, carved into a header with the session and the parts of its storage.
//!
//! Nothing else knows the layout. Offsets are computed in safe code by [`Plan`]; the only unsafe steps are writing
//! fresh slots into their places and making slices of them.

use crate::border::{self, Range};
use crate::codes::xft_status::{self, *};
use crate::config::Room;
use crate::output::xft_refusal;
use core::mem::offset_of;
use core::ptr::NonNull;
use xft_core::{Config, ContactSlot, Error, Instant, Needs, Session, Storage, StreamSlot, TransferSlot};

/// Alignment of a session's memory, bytes, on every machine.
pub const XFT_SESSION_ALIGN: usize = 8;

const _: () = assert!(align_of::<Header>() <= XFT_SESSION_ALIGN, "XFT_SESSION_ALIGN is too small");

/// A session in the caller's memory. Its insides are nobody's business; programs hold a pointer to it.
pub struct xft_session {
    _private: [u8; 0],
}

/// "xft" and the version of the layout: memory without it holds no session.
const MAGIC: u32 = 0x7866_7402;

/// What stands at the beginning of the block.
#[repr(C)]
pub(crate) struct Header {
    magic: u32,
    /// Where the block was when it was carved: the storage points into it, so that a moved copy is refused.
    at: usize,
    /// Bytes of the block.
    len: usize,
    pub(crate) refusal: xft_refusal,
    pub(crate) session: Session<'static>,
}

/// Where each part of the storage starts in the block, and how much there is in all.
pub(crate) struct Plan {
    needs: Needs,
    transfers: usize,
    contacts: usize,
    xml: usize,
    stanza: usize,
    block: usize,
    outbox: usize,
    acks: usize,
    streams: usize,
    hosts: usize,
    pub(crate) total: usize,
}

impl Plan {
    /// The plan for a configuration with that much room, or what is wrong with either: nothing else about them is
    /// refused when the session is made.
    pub(crate) fn of(cfg: &Config<'_>, room: Room) -> Result<Self, xft_status> {
        cfg.check().map_err(xft_status::from)?;
        let mut needs = Needs::of(cfg, room.transfers, room.contacts);
        // Without SOCKS5 nothing would ever use them.
        if cfg.methods.has_socks5() {
            needs.streams = usize::from(room.streams);
            needs.hosts_bytes = usize::from(room.hosts_bytes);
        }
        needs.check(cfg).map_err(xft_status::from)?;
        Self::laid_out(needs).ok_or(XFT_ERR_LENGTH)
    }

    /// `None` if the sum exceeds the address space.
    fn laid_out(needs: Needs) -> Option<Self> {
        let mut end = size_of::<Header>();
        Some(Self {
            transfers: place::<TransferSlot>(&mut end, needs.transfers)?,
            contacts: place::<ContactSlot>(&mut end, needs.contacts)?,
            xml: place::<u8>(&mut end, needs.xml_bytes)?,
            stanza: place::<u8>(&mut end, needs.stanza_bytes)?,
            block: place::<u8>(&mut end, needs.block_bytes)?,
            outbox: place::<u8>(&mut end, needs.outbox_bytes)?,
            acks: place::<u8>(&mut end, needs.acks_bytes)?,
            streams: place::<StreamSlot>(&mut end, needs.streams)?,
            hosts: place::<u8>(&mut end, needs.hosts_bytes)?,
            // A whole number of alignments, so that sessions can stand in an array.
            total: place::<u64>(&mut end, 0)?,
            needs,
        })
    }

    /// Fresh slots and byte parts in the block.
    ///
    /// # Safety
    /// `block` is aligned to `XFT_SESSION_ALIGN` and `self.total` bytes long, and nobody else uses it.
    unsafe fn carve(&self, block: NonNull<u8>) -> Storage<'static> {
        // SAFETY: (all nine) `place` put the parts side by side, each aligned and inside `total` bytes; the caller
        // of `carve` vouches for the block.
        unsafe {
            Storage {
                transfers: part(block, self.transfers, self.needs.transfers, || TransferSlot::EMPTY),
                contacts: part(block, self.contacts, self.needs.contacts, || ContactSlot::EMPTY),
                xml: part(block, self.xml, self.needs.xml_bytes, || 0),
                stanza: part(block, self.stanza, self.needs.stanza_bytes, || 0),
                block: part(block, self.block, self.needs.block_bytes, || 0),
                outbox: part(block, self.outbox, self.needs.outbox_bytes, || 0),
                acks: part(block, self.acks, self.needs.acks_bytes, || 0),
                streams: part(block, self.streams, self.needs.streams, || StreamSlot::EMPTY),
                hosts: part(block, self.hosts, self.needs.hosts_bytes, || 0),
            }
        }
    }
}

/// The next place for `count` values of `T` at or after `end`, which moves behind them.
fn place<T>(end: &mut usize, count: usize) -> Option<usize> {
    const { assert!(align_of::<T>() <= XFT_SESSION_ALIGN, "a slot is aligned more than the block") };
    let start = end.checked_next_multiple_of(align_of::<T>())?;
    *end = start.checked_add(size_of::<T>().checked_mul(count)?)?;
    Some(start)
}

/// `count` fresh values at `offset` of the block.
///
/// # Safety
/// The range lies in the block, aligned for `T`, and overlaps no other part.
unsafe fn part<T>(
    block: NonNull<u8>,
    offset: usize,
    count: usize,
    fresh: impl Fn() -> T,
) -> &'static mut [T] {
    // SAFETY: the offset lies in the block, says the caller.
    let first = unsafe { block.add(offset) }.cast::<T>();
    for index in 0..count {
        // SAFETY: value `index` of `count` lies in the block, is aligned, and holds nothing that needs dropping.
        unsafe { first.add(index).write(fresh()) };
    }
    // SAFETY: all `count` values were just written, and the part is this slice's alone for as long as the session is
    // used: `Header::from_c` refuses the block afterwards.
    unsafe { core::slice::from_raw_parts_mut(first.as_ptr(), count) }
}

impl Header {
    /// Builds a session in `len` bytes at `block`.
    ///
    /// # Safety
    /// `block` may be written for `len` bytes and is used by nobody else until the session is wiped.
    pub(crate) unsafe fn build(
        block: *mut u8,
        len: usize,
        cfg: &Config<'_>,
        room: Room,
        now: Instant,
    ) -> Result<*mut xft_session, xft_status> {
        let at = NonNull::new(block).ok_or(XFT_ERR_NULL)?;
        if !at.cast::<u64>().is_aligned() {
            return Err(XFT_ERR_MEMORY_ALIGN);
        }
        let plan = Plan::of(cfg, room)?;
        if len < plan.total {
            return Err(XFT_ERR_MEMORY_SIZE);
        }
        // SAFETY: inside the block. A session that lived here is over now, even if the new one is refused below.
        unsafe { at.byte_add(offset_of!(Self, magic)).cast::<u32>().write(0) };
        // SAFETY: aligned and long enough (checked above); the caller vouches for the rest.
        let storage = unsafe { plan.carve(at) };
        // Moving the session leaves copies on the stack, and what lies there may be anywhere later: the password is not
        // among it.
        let session = Session::without_password(cfg, storage, now).map_err(xft_status::from)?;
        let header = at.cast::<Self>();
        // SAFETY: the header stands before every part (`Plan::of` starts behind it), aligned with the block.
        unsafe {
            header.write(Self {
                magic: MAGIC,
                at: block as usize,
                len: plan.total,
                refusal: xft_refusal::NONE,
                session,
            });
            (*header.as_ptr()).session.set_password(cfg.password).map_err(xft_status::from)?;
        }
        Ok(block.cast())
    }

    /// The session that C points at.
    ///
    /// # Safety
    /// `at` may be read for the size of a header; if it holds a session, no other call uses it meanwhile.
    pub(crate) unsafe fn from_c<'a>(at: *const xft_session) -> Result<&'a mut Self, xft_status> {
        let header = at.cast::<Self>().cast_mut();
        border::object(header)?;
        // SAFETY: not NULL and aligned; the caller vouches that it can be read. Both words are looked at before
        // anything claims to be a session, volatile because the memory may hold anything.
        let (magic, own) = unsafe {
            (
                header.byte_add(offset_of!(Self, magic)).cast::<u32>().read_volatile(),
                header.byte_add(offset_of!(Self, at)).cast::<usize>().read_volatile(),
            )
        };
        if magic != MAGIC || own != at as usize {
            return Err(XFT_ERR_NO_SESSION);
        }
        // SAFETY: `build` wrote a whole header here, and it was not moved since.
        Ok(unsafe { &mut *header })
    }

    /// The block, for overlap checks: address and length.
    pub(crate) const fn block(&self) -> Range {
        (self.at, self.len)
    }

    /// The status for C of a refused call; what more there is to know is kept for `xft_last_refusal`.
    pub(crate) fn refuse(&mut self, error: Error) -> xft_status {
        self.refusal = xft_refusal::of(error);
        self.refusal.status
    }

    /// Ends the session and overwrites its block: passwords and patient data leave the memory.
    ///
    /// # Safety
    /// As [`Self::from_c`]; and nothing that the session lent is used any more.
    pub(crate) unsafe fn wipe(at: *mut xft_session) -> Result<(), xft_status> {
        // SAFETY: the same word of the caller.
        let len = unsafe { Self::from_c(at) }?.len;
        // SAFETY: a whole header stands here, and its magic is overwritten below, so that nobody drops it again.
        unsafe { core::ptr::drop_in_place(at.cast::<Self>()) };
        for offset in 0..len {
            // SAFETY: `build` was lent these `len` bytes; volatile so that the writes are not optimised away.
            unsafe { at.cast::<u8>().add(offset).write_volatile(0) };
        }
        Ok(())
    }
}

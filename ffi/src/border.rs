//! Pointers from C become Rust references or a status here, one macro per shape of pointer.
//!
//! What a check can see is checked: NULL, alignment, length, UTF-8, overlap. What it cannot see (that the memory is
//! alive, and is the length the caller says) is the caller's word and part of every prototype's contract.

use crate::codes::xft_status::{self, *};

/// A range of memory: address and bytes.
pub(crate) type Range = (usize, usize);

/// The range of no memory at all, where there is no session yet.
pub(crate) const NOWHERE: Range = (0, 0);

/// An input buffer: NULL only with length 0, and outside the session's memory.
pub(crate) unsafe fn slice<'a>(at: *const u8, len: usize, session: Range) -> Result<&'a [u8], xft_status> {
    if len == 0 {
        return Ok(&[]);
    }
    shape(at, len)?;
    apart((at as usize, len), session)?;
    // SAFETY: not NULL and of a possible length (checked above); the caller vouches that `len` bytes live there and
    // that nobody writes them during the call.
    Ok(unsafe { core::slice::from_raw_parts(at, len) })
}

/// A buffer the call may write: NULL only with length 0, and outside the session's memory.
pub(crate) unsafe fn slice_mut<'a>(
    at: *mut u8,
    len: usize,
    session: Range,
) -> Result<&'a mut [u8], xft_status> {
    if len == 0 {
        return Ok(&mut []);
    }
    shape(at, len)?;
    apart((at as usize, len), session)?;
    // SAFETY: not NULL and of a possible length (checked above); the caller vouches that `len` bytes live there and
    // that nobody else uses them during the call.
    Ok(unsafe { core::slice::from_raw_parts_mut(at, len) })
}

/// A text: a buffer that must be UTF-8.
pub(crate) unsafe fn utf8<'a>(
    at: *const core::ffi::c_char,
    len: usize,
    session: Range,
) -> Result<&'a str, xft_status> {
    // SAFETY: passed on under the same word of the caller.
    let bytes = unsafe { slice(at.cast::<u8>(), len, session) }?;
    core::str::from_utf8(bytes).map_err(|_| XFT_ERR_UTF8)
}

/// The longest object there can be is `isize::MAX` bytes, and it does not wrap around the end of memory.
pub(crate) fn shape(at: *const u8, len: usize) -> Result<(), xft_status> {
    if at.is_null() {
        return Err(XFT_ERR_NULL);
    }
    if len > isize::MAX as usize || (at as usize).checked_add(len).is_none() {
        return Err(XFT_ERR_LENGTH);
    }
    Ok(())
}

/// The range of a buffer of the caller's, which may be NULL with length 0.
pub(crate) fn buffer(at: *const u8, len: usize) -> Result<Range, xft_status> {
    if len > 0 {
        shape(at, len)?;
    }
    Ok((at as usize, len))
}

/// Two ranges of memory share no byte.
pub(crate) fn apart(a: Range, b: Range) -> Result<(), xft_status> {
    let (a_end, b_end) = (a.0.saturating_add(a.1), b.0.saturating_add(b.1));
    if a.1 == 0 || b.1 == 0 || a_end <= b.0 || b_end <= a.0 { Ok(()) } else { Err(XFT_ERR_OVERLAP) }
}

/// No two of these ranges share a byte.
pub(crate) fn apart_all(ranges: &[Range]) -> Result<(), xft_status> {
    let mut rest = ranges;
    while let Some((first, others)) = rest.split_first() {
        others.iter().try_for_each(|other| apart(*first, *other))?;
        rest = others;
    }
    Ok(())
}

/// The range of an object.
pub(crate) fn range<T>(at: *const T) -> Range {
    (at as usize, size_of::<T>())
}

/// A pointer that must hold a `T`: neither NULL nor misaligned.
pub(crate) fn object<T>(at: *const T) -> Result<(), xft_status> {
    if at.is_null() {
        Err(XFT_ERR_NULL)
    } else if !at.is_aligned() {
        Err(XFT_ERR_ALIGN)
    } else {
        Ok(())
    }
}

/// A structure that begins with its own size: `min(size, ours)` bytes of it over `defaults`, so that a program
/// compiled against another version of the header is understood. What a newer one has behind that must be 0: else it
/// asks for something that nobody here would do.
pub(crate) unsafe fn sized<T: Copy>(
    at: *const T,
    least: usize,
    defaults: T,
    session: Range,
) -> Result<T, xft_status> {
    object(at)?;
    // SAFETY: not NULL and aligned (checked above); every such structure begins with a `uint32_t size`.
    let size = unsafe { at.cast::<u32>().read() } as usize;
    if size < least || size > SIZE_CEILING {
        return Err(XFT_ERR_STRUCT_SIZE);
    }
    apart((at as usize, size), session)?;
    for offset in size_of::<T>()..size {
        // SAFETY: the caller says the structure is `size` bytes long.
        if unsafe { at.cast::<u8>().add(offset).read() } != 0 {
            return Err(XFT_ERR_NEWER);
        }
    }
    let mut value = defaults;
    let len = size.min(size_of::<T>());
    // SAFETY: the caller says the structure is `size` bytes long; `len` fits both sides, and `value` is our own.
    // `T` is plain integers and raw pointers, so that any bytes make a valid one.
    unsafe { core::ptr::copy_nonoverlapping(at.cast::<u8>(), (&raw mut value).cast::<u8>(), len) };
    Ok(value)
}

/// No structure will ever grow beyond this; a larger size field is a mistake.
pub(crate) const SIZE_CEILING: usize = 4096;

/// The result of a check, or return its status.
macro_rules! check {
    ($result:expr) => {
        match $result {
            Ok(it) => it,
            Err(status) => return status,
        }
    };
}

/// `bytes!(at, len, header)`: an input buffer outside the header's session, or return the status.
macro_rules! bytes {
    ($at:expr, $len:expr, $header:expr) => {
        // SAFETY: the caller's word, as the prototype says: `len` bytes at `at`.
        $crate::border::check!(unsafe { $crate::border::slice($at, $len, $header.block()) })
    };
}

/// `bytes_mut!(at, len, header)`: a buffer to write, outside the header's session, or return the status.
macro_rules! bytes_mut {
    ($at:expr, $len:expr, $header:expr) => {
        // SAFETY: the caller's word, as the prototype says: `len` writable bytes at `at`, used by nobody else.
        $crate::border::check!(unsafe { $crate::border::slice_mut($at, $len, $header.block()) })
    };
}

/// `session!(at)`: the session in the caller's memory, or return the status.
macro_rules! session {
    ($at:expr) => {
        // SAFETY: the caller's word, as the prototype says: memory that `xft_session_init` saw, or any readable
        // memory of that size; no other call on it at the same time.
        $crate::border::check!(unsafe { $crate::arena::Header::from_c($at) })
    };
}

/// `place!(session; at, ..; (buffer, len), ..)`: pointers to write results to. They, the buffers and the session's
/// memory share no byte with each other; or return the status. It stands before anything makes a slice of a buffer.
macro_rules! place {
    ($session:expr; $($at:expr),+ $(; $(($buffer:expr, $len:expr)),+)?) => {
        $( $crate::border::check!($crate::border::object($at)); )+
        $crate::border::check!($crate::border::apart_all(&[
            $session,
            $($crate::border::range($at),)+
            $($($crate::border::check!($crate::border::buffer($buffer, $len)),)+)?
        ]));
    };
}

/// `text!(at, len, header)`: a text outside the header's session, or return the status.
macro_rules! text {
    ($at:expr, $len:expr, $header:expr) => {
        // SAFETY: the caller's word, as the prototype says: `len` bytes at `at`.
        $crate::border::check!(unsafe { $crate::border::utf8($at, $len, $header.block()) })
    };
}

/// `put!(at, value)`: the result, once everything went well.
macro_rules! put {
    ($at:expr, $value:expr) => {
        // SAFETY: `place!` checked the pointer; the caller vouches that it may be written.
        unsafe { $at.write($value) }
    };
}

pub(crate) use {bytes, bytes_mut, check, place, put, session, text};

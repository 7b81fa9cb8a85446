//! The functions of the C ABI that speak of one transfer, in the order in which a program meets them.

use crate::arena::xft_session;
use crate::border::{bytes, bytes_mut, check, place, put, session};
use crate::codes::{xft_status, xft_status::*};
use crate::output::{handle, xft_file, xft_marks, xft_output};
use core::ffi::c_char;
use xft_core::{Cancel, Decline};

/// `xft_decline`: the file is not wanted.
pub const XFT_DECLINE_UNWANTED: u32 = 1;
/// `xft_decline`: not now, busy or no room; the sender may offer it again later.
pub const XFT_DECLINE_BUSY: u32 = 2;
/// `xft_decline`: it cannot be stored; the sender hears `XFT_REASON_PEER_STORE_FAILED`.
pub const XFT_DECLINE_STORE_FAILED: u32 = 3;

/// `xft_cancel`: somebody decided so.
pub const XFT_CANCEL_WISH: u32 = 1;
/// `xft_cancel`: the file cannot be read any more (sender).
pub const XFT_CANCEL_READ_FAILED: u32 = 2;
/// `xft_cancel`: the bytes cannot be stored (receiver): disk full, I/O error, or the file cannot be given its place.
pub const XFT_CANCEL_STORE_FAILED: u32 = 3;
/// `xft_cancel`: the file is not any more the one that was offered (sender): it grew, shrank, or was replaced.
pub const XFT_CANCEL_SOURCE_CHANGED: u32 = 4;

/// Hands in bytes of the file that `XFT_OUTPUT_NEED_DATA` or `XFT_OUTPUT_SEND_RAW` spoke of; `*output` is what to
/// transmit.
///
/// `bytes` and `out` stay the caller's and must not overlap. After NEED_DATA `transfer` and `offset` are those of the
/// output, `len` is its `len`, or less (at least 1) if the read came up short; the block is encoded straight into `out`.
/// Call it right after the output. After SEND_RAW `offset` is where the last call or `xft_sent` ended, `len` is 1 to
/// 1048576 bytes, not beyond the output's `end`; the bytes to transmit are the very ones at `bytes`, so that these must
/// live until they are sent, and `out` may be NULL with 0. Call it whenever the stream takes bytes, as often as needed,
/// between other calls. If the file cannot be read call `xft_cancel` with `XFT_CANCEL_READ_FAILED` instead. Before the
/// last bytes, those that reach the end of the file, look at it again: if it is not any more the one that was offered
/// (size, time of modification, or another file under its name) call `xft_cancel` with `XFT_CANCEL_SOURCE_CHANGED`, and
/// nobody takes it for sent; where nothing of the file is to go, at `XFT_EVENT_STARTED`. Returns
/// `XFT_OK`; `XFT_ERR_NO_SPACE`, nothing changed, as in `xft_poll`; `XFT_ERR_BYTES`, `XFT_ERR_OFFSET`,
/// `XFT_ERR_STALE`, `XFT_ERR_STATE`, `XFT_ERR_CLOSED` or a status of the border.
///
/// # Safety
/// `session` comes from `xft_session_init`; the buffers have their lengths and lie outside the session's memory;
/// `output` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_supply(
    session: *mut xft_session,
    transfer: u32,
    offset: u64,
    bytes: *const u8,
    len: usize,
    out: *mut u8,
    cap: usize,
    output: *mut xft_output,
) -> xft_status {
    let header = session!(session);
    place!(header.block(); output; (bytes, len), (out, cap));
    let data = bytes!(bytes, len, header);
    let out = bytes_mut!(out, cap, header);
    match header.session.supply(handle(transfer), offset, data, out) {
        Ok(what) => {
            put!(output, what.into());
            XFT_OK
        }
        Err(error) => header.refuse(error),
    }
}

/// Offers a file to a peer.
///
/// `file` and its texts are copied. On success `*transfer` is the handle of the transfer; it is over with
/// `XFT_EVENT_FINISHED`. Drain with `xft_poll` afterwards: the peer's answer comes as `XFT_EVENT_ACCEPTED` or as the
/// end of the transfer. Returns `XFT_OK`; `XFT_ERR_FULL` (all slots are taken); `XFT_ERR_OFFLINE`, `XFT_ERR_PEER`,
/// `XFT_ERR_MYSELF`, `XFT_ERR_NAME`, `XFT_ERR_FILE_SIZE`, `XFT_ERR_TEXT`, `XFT_ERR_TOO_LARGE` (the server takes no stanza of that size),
/// `XFT_ERR_STATE` (`xft_close` was called), `XFT_ERR_CLOSED` or a status of the border. Call it any time after
/// `XFT_EVENT_ONLINE`.
///
/// # Safety
/// `session` comes from `xft_session_init`; `file` is a filled structure; `transfer` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_offer(
    session: *mut xft_session,
    file: *const xft_file,
    transfer: *mut u32,
) -> xft_status {
    let header = session!(session);
    place!(header.block(); transfer);
    // SAFETY: the caller's word, as the prototype says.
    let file = check!(unsafe { xft_file::from_c(file, header.block()) });
    // SAFETY: the same.
    let offer = check!(unsafe { file.as_core(header.block()) });
    match header.session.offer(&offer) {
        Ok(made) => {
            put!(transfer, made.to_bits());
            XFT_OK
        }
        Err(error) => header.refuse(error),
    }
}

/// Tells the name that a file is offered under: that of `xft_offer`, or its harmless form if it could do harm.
///
/// Writes a pointer to `*len` bytes of UTF-8, 1 to 120, into `*name`, not NUL-terminated, lent until the next call on this
/// session. Letters, marks, digits and punctuation of every script stay; `_` takes the place of separators, controls and
/// what nobody sees, a long name loses the end of its stem and keeps its extension. Tell people if it is not the name they
/// know. Returns `XFT_OK`; `XFT_ERR_STATE` (the file comes to this end, whose name is in `XFT_RECEIVED_OFFER`),
/// `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status of the border. Call it after `xft_offer`, at any time in a transfer's life.
///
/// # Safety
/// `session` comes from `xft_session_init`; `name` and `len` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_offered_name(
    session: *mut xft_session,
    transfer: u32,
    name: *mut *const c_char,
    len: *mut usize,
) -> xft_status {
    let header = session!(session);
    place!(header.block(); name, len);
    match header.session.offered_name(handle(transfer)) {
        Ok(text) => {
            put!(name, text.as_ptr().cast());
            put!(len, text.len());
            XFT_OK
        }
        Err(error) => header.refuse(error),
    }
}

/// Accepts an offer; the file's bytes are wanted from `from_offset` on.
///
/// `from_offset` is 0, or, if the offer has `XFT_HAS_RANGED`, the bytes that are there already; show these with
/// `xft_prefix`. Drain with `xft_poll` afterwards. Bytes come as `XFT_RECEIVED_DATA`, in their order; an empty file brings
/// none. Returns `XFT_OK`, `XFT_ERR_OFFSET`, `XFT_ERR_STATE` (not an offer of a peer, answered already, or `xft_close` was
/// called), `XFT_ERR_STALE`, `XFT_ERR_OFFLINE`, `XFT_ERR_CLOSED` or a status of the border. Call it after
/// `XFT_RECEIVED_OFFER`, before `offer_ms` is over.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_accept(
    session: *mut xft_session,
    transfer: u32,
    from_offset: u64,
) -> xft_status {
    let header = session!(session);
    match header.session.accept(handle(transfer), from_offset) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Shows bytes of the file that are there already, after `xft_accept` with a `from_offset` above 0.
///
/// The hash of the offer speaks of the whole file: it is compared only if all bytes before `from_offset` are shown, in
/// order from 0 on, in pieces of any size, before the first `XFT_RECEIVED_DATA`; right after `xft_accept` is soon enough.
/// Without that the file ends with `XFT_ENDING_UNVERIFIED`. `bytes` are read, not kept. Returns `XFT_OK`,
/// `XFT_ERR_OFFSET` (not the next byte, or beyond `from_offset`), `XFT_ERR_STATE` (not accepted, or bytes came already),
/// `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status of the border. Call it after `xft_accept`.
///
/// # Safety
/// `session` comes from `xft_session_init`; `bytes` has its length and lies outside the session's memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_prefix(
    session: *mut xft_session,
    transfer: u32,
    offset: u64,
    bytes: *const u8,
    len: usize,
) -> xft_status {
    let header = session!(session);
    let data = bytes!(bytes, len, header);
    match header.session.prefix(handle(transfer), offset, data) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Declines an offer.
///
/// `why` is `XFT_DECLINE_UNWANTED`, `XFT_DECLINE_BUSY` or `XFT_DECLINE_STORE_FAILED`. `XFT_EVENT_FINISHED` follows, as for
/// every transfer, with `XFT_ENDING_FAILED` and `XFT_REASON_DECLINED` or `XFT_REASON_STORE_FAILED`; the handle is stale from
/// there on. Returns `XFT_OK`, `XFT_ERR_CODE`, `XFT_ERR_STATE` (not an offer of a peer, or answered already),
/// `XFT_ERR_STALE`, `XFT_ERR_OFFLINE`, `XFT_ERR_CLOSED` or a status of the border. Call it after `XFT_RECEIVED_OFFER` instead
/// of `xft_accept`, before `offer_ms` is over.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_decline(session: *mut xft_session, transfer: u32, why: u32) -> xft_status {
    let header = session!(session);
    let why = match why {
        XFT_DECLINE_UNWANTED => Decline::Unwanted,
        XFT_DECLINE_BUSY => Decline::Busy,
        XFT_DECLINE_STORE_FAILED => Decline::StoreFailed,
        _ => return XFT_ERR_CODE,
    };
    match header.session.decline(handle(transfer), why) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Ends a transfer before its time; the peer is told, and `XFT_EVENT_FINISHED` follows.
///
/// `why` is `XFT_CANCEL_WISH`, `XFT_CANCEL_READ_FAILED`, `XFT_CANCEL_STORE_FAILED` or `XFT_CANCEL_SOURCE_CHANGED`. The
/// recipient's `XFT_CANCEL_STORE_FAILED` reaches the sender as `XFT_REASON_PEER_STORE_FAILED`. A sender whose last byte is
/// out cannot take the file back: it ends with `XFT_ENDING_DELIVERED` or
/// `XFT_ENDING_UNCONFIRMED` then, unless its source changed. Nor can a recipient
/// after `xft_settled`: it ends as it would have. Returns `XFT_OK`,
/// `XFT_ERR_CODE`, `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status of the border. Call it at any time in a transfer's life.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_cancel(session: *mut xft_session, transfer: u32, why: u32) -> xft_status {
    let header = session!(session);
    let why = match why {
        XFT_CANCEL_WISH => Cancel::Wish,
        XFT_CANCEL_READ_FAILED => Cancel::ReadFailed,
        XFT_CANCEL_STORE_FAILED => Cancel::StoreFailed,
        XFT_CANCEL_SOURCE_CHANGED => Cancel::SourceChanged,
        _ => return XFT_ERR_CODE,
    };
    match header.session.cancel(handle(transfer), why) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Says that the bytes of the file before `upto` went over the stream that `XFT_OUTPUT_SEND_RAW` named, moved by the
/// program itself.
///
/// Before the last byte goes look at the file again, as `xft_supply` says. `upto` is a position in the file, bytes; saying it again, or a smaller one, changes nothing. With the last byte of the
/// output drain with `xft_poll`: the session says how the stream ends. Returns `XFT_OK`, `XFT_ERR_OFFSET` (beyond the
/// output's `end`), `XFT_ERR_STATE` (nothing may go there now), `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status of the
/// border. Call it as sendfile(2) goes on, at least every few seconds: it is also what tells that the peer takes bytes.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_sent(session: *mut xft_session, transfer: u32, upto: u64) -> xft_status {
    let header = session!(session);
    match header.session.sent(handle(transfer), upto) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Says that the bytes of the file before `upto` are safe: only now they are acknowledged to the sender.
///
/// `upto` is a position in the file, bytes; saying it again, or a smaller one, changes nothing. With the last byte drain
/// with `xft_poll`: `XFT_EVENT_SETTLE` follows, and the last block is acknowledged after `xft_settled`. Returns `XFT_OK`,
/// `XFT_ERR_OFFSET` (beyond what came), `XFT_ERR_STATE` (nothing was accepted there), `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or
/// a status of the border.
/// Call it after each `XFT_RECEIVED_DATA`, once the bytes would survive a power cut as well as the program promises.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_stored(session: *mut xft_session, transfer: u32, upto: u64) -> xft_status {
    let header = session!(session);
    match header.session.stored(handle(transfer), upto) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Says that the file has its final name and is durable: the answer to `XFT_EVENT_SETTLE`.
///
/// Everything that can fail comes before this call: syncing the file, renaming it, syncing its directory, and whatever
/// else the program demands of a file, such as a hash that was compared (`ending` of the event). If any of it fails call
/// `xft_cancel` with `XFT_CANCEL_STORE_FAILED` instead: the sender has heard nothing final yet and ends with
/// `XFT_REASON_PEER_STORE_FAILED`. A program that has nothing to do calls it at once. Drain with `xft_poll` afterwards:
/// now the last block is acknowledged, and the receipt goes out. `XFT_EVENT_FINISHED` follows; should it say
/// `XFT_ENDING_FAILED`, the file must lose its name again. Returns `XFT_OK`, `XFT_ERR_STATE` (not asked for, or said
/// already), `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status of the border. Call it once for each `XFT_EVENT_SETTLE`; the
/// sender may give up waiting after `finish_ms`, and then does not know how it ended.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_settled(session: *mut xft_session, transfer: u32) -> xft_status {
    let header = session!(session);
    match header.session.settled(handle(transfer)) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Tells how far a transfer is, for a progress line.
///
/// Fills `*marks` with positions in the file, bytes. Returns `XFT_OK`, `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status
/// of the border. Call it at any time in a transfer's life.
///
/// # Safety
/// `session` comes from `xft_session_init`; `marks` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_progress(
    session: *mut xft_session,
    transfer: u32,
    marks: *mut xft_marks,
) -> xft_status {
    let header = session!(session);
    place!(header.block(); marks);
    match header.session.progress(handle(transfer)) {
        Ok(at) => {
            put!(marks, xft_marks { start: at.start, end: at.end, moved: at.moved, safe: at.safe });
            XFT_OK
        }
        Err(error) => header.refuse(error),
    }
}

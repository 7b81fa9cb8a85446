//! The functions of the C ABI around a session, in the order in which a program meets them; those of a stream are in
//! `streams`, those of a transfer in `transfers`.

use crate::arena::{Header, Plan, XFT_SESSION_ALIGN, xft_session};
use crate::border::{NOWHERE, bytes_mut, check, place, put, session};
use crate::codes::{self, xft_status, xft_status::*};
use crate::conditions;
use crate::config::{self, xft_config};
use crate::methods;
use crate::output::{xft_file, xft_output, xft_received, xft_refusal};
use crate::reasons;
use core::ffi::{c_char, c_void};
use xft_core::{FEATURES, Instant};

/// Version of this interface: major in the upper 16 bits, minor in the lower. The same major version means that a
/// program compiled against this header works with the library.
pub const XFT_ABI_VERSION: u32 = 0x0001_0000;

/// The version of the interface that the linked library has. Compare it with `XFT_ABI_VERSION` at start: the upper
/// 16 bits must be equal, else the header and the archive do not belong together. Callable at any time.
#[unsafe(no_mangle)]
pub extern "C" fn xft_abi_version() -> u32 {
    XFT_ABI_VERSION
}

/// The meaning of a status in English, with what to do next; for logs and people.
///
/// Returns a NUL-terminated constant of the library that needs no freeing, also for numbers that are no status.
/// Callable at any time.
#[unsafe(no_mangle)]
pub extern "C" fn xft_status_text(status: u32) -> *const c_char {
    let defects = XFT_ERR_PART_TRANSFERS as u32..=XFT_ERR_PART_ACKS as u32;
    let status = if defects.contains(&status) { XFT_ERR_PART as u32 } else { status };
    codes::TEXTS.find_c(status)
}

/// The meaning of a reason in English, with what to do next; for logs and people.
///
/// Returns a NUL-terminated constant of the library that needs no freeing, also for numbers that are no reason.
/// Callable at any time.
#[unsafe(no_mangle)]
pub extern "C" fn xft_reason_text(reason: u32) -> *const c_char {
    reasons::TEXTS.find_c(reason)
}

/// The name of a method (`XFT_METHOD_...`) in English, for example `in band`; for logs and people.
///
/// Returns a NUL-terminated constant of the library that needs no freeing, also for numbers that are no method.
/// Callable at any time.
#[unsafe(no_mangle)]
pub extern "C" fn xft_method_text(method: u32) -> *const c_char {
    methods::METHODS.find_c(method)
}

/// Why a method did not carry a file (`XFT_SKIP_...`) in English, with what to do next; for logs and people.
///
/// Returns a NUL-terminated constant of the library that needs no freeing, also for numbers that are no such cause.
/// Callable at any time.
#[unsafe(no_mangle)]
pub extern "C" fn xft_skip_text(why: u32) -> *const c_char {
    methods::SKIPS.find_c(why)
}

/// Why a streamhost could not be used (`XFT_HOST_...`) in English, with what to do next; for logs and people.
///
/// Returns a NUL-terminated constant of the library that needs no freeing, also for numbers that are no such failure.
/// Callable at any time.
#[unsafe(no_mangle)]
pub extern "C" fn xft_host_failure_text(why: u32) -> *const c_char {
    methods::HOST_FAILURES.find_c(why)
}

/// The word of a condition as it stood in the XML, for example `item-not-found`; empty for
/// `XFT_CONDITION_NONE` and unknown numbers.
///
/// Returns a NUL-terminated constant of the library that needs no freeing. Callable at any time.
#[unsafe(no_mangle)]
pub extern "C" fn xft_condition_name(condition: u32) -> *const c_char {
    conditions::name(condition).unwrap_or(c"").as_ptr()
}

/// Fills `*cfg` with the defaults; set the account, the password, the entropy and what should differ afterwards.
///
/// `size` is `sizeof(xft_config)`: it tells the library which version of the structure the program was compiled
/// with. Nothing is kept. Returns `XFT_OK`, `XFT_ERR_NULL`, `XFT_ERR_ALIGN` or `XFT_ERR_STRUCT_SIZE`. Call it first.
///
/// # Safety
/// `cfg` may be written for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_config_init(cfg: *mut xft_config, size: usize) -> xft_status {
    // SAFETY: the caller's word, passed on.
    unsafe { init(cfg, size, config::defaults()) }
}

/// Fills `*file` with zeros and its size; set the receiver, the name and the file's size afterwards.
///
/// `size` is `sizeof(xft_file)`. Nothing is kept. Returns `XFT_OK`, `XFT_ERR_NULL`, `XFT_ERR_ALIGN` or
/// `XFT_ERR_STRUCT_SIZE`. Call it before each `xft_offer`, or once for several.
///
/// # Safety
/// `file` may be written for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_file_init(file: *mut xft_file, size: usize) -> xft_status {
    // SAFETY: the caller's word, passed on.
    unsafe { init(file, size, xft_file::EMPTY) }
}

/// A structure that begins with its size; a newer program's longer tail is zeroed.
unsafe fn init<T: Copy>(at: *mut T, size: usize, value: T) -> xft_status {
    check!(crate::border::object(at));
    if size < size_of::<T>() || size > crate::border::SIZE_CEILING {
        return XFT_ERR_STRUCT_SIZE;
    }
    let tail = size.saturating_sub(size_of::<T>());
    // SAFETY: not NULL and aligned (checked above); the caller says that `size` bytes may be written.
    unsafe {
        at.write(value);
        // The program's own size, so that what it sets in the tail is seen.
        at.cast::<u32>().write(size as u32);
        at.add(1).cast::<u8>().write_bytes(0, tail);
    }
    XFT_OK
}

/// Tells how much memory a session with this configuration needs.
///
/// Writes the bytes to `*size` and their alignment to `*align`. `cfg` is filled as for `xft_session_init`, and refused
/// with the same statuses. Nothing is kept. Returns `XFT_OK`, the status of the field of `cfg` that is wrong (20..49,
/// 56..62, 90, 91), or a status of the border. Call it before `xft_session_init`; a program with static memory uses
/// `XFT_SESSION_BYTES` instead.
///
/// # Safety
/// `cfg` is a filled structure; `size` and `align` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_session_layout(
    cfg: *const xft_config,
    size: *mut usize,
    align: *mut usize,
) -> xft_status {
    place!(NOWHERE; size, align);
    // SAFETY: the caller's word, as the prototype says.
    let cfg = check!(unsafe { xft_config::from_c(cfg, NOWHERE) });
    let room = check!(cfg.room());
    // SAFETY: the same.
    let rust = check!(unsafe { cfg.as_core(NOWHERE) });
    let plan = check!(Plan::of(&rust, room));
    put!(size, plan.total);
    put!(align, XFT_SESSION_ALIGN);
    XFT_OK
}

/// Makes a session in `len` bytes of memory at `mem`.
///
/// The memory stays the caller's and belongs to the session until `xft_session_wipe`; it must not be moved, copied
/// or used otherwise. `cfg` and its texts are copied. `now_ms` is the time on the clock that `xft_tick` will use:
/// monotonic milliseconds from any origin. On success `*session` is the handle for all other calls. A session that was in
/// that memory is over then; it stays when the new one is refused. Returns `XFT_OK`, `XFT_ERR_MEMORY_SIZE`,
/// `XFT_ERR_MEMORY_ALIGN`, the status of the field of `cfg` that is wrong (20..49, 56..62, 90, 91), or a status of the
/// border. Call it at the start, and again after `xft_session_wipe` for a session that is to follow.
///
/// # Safety
/// `mem` may be written for `len` bytes, `cfg` is a filled structure, `session` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_session_init(
    mem: *mut c_void,
    len: usize,
    cfg: *const xft_config,
    now_ms: u64,
    session: *mut *mut xft_session,
) -> xft_status {
    check!(crate::border::shape(mem.cast(), len));
    let block = (mem as usize, len);
    place!(block; session);
    // SAFETY: the caller's word, as the prototype says.
    let cfg = check!(unsafe { xft_config::from_c(cfg, block) });
    let room = check!(cfg.room());
    // SAFETY: the same.
    let rust = check!(unsafe { cfg.as_core(block) });
    // SAFETY: the same; `mem` is checked by `build`.
    let made = check!(unsafe { Header::build(mem.cast(), len, &rust, room, Instant::from_ms(now_ms)) });
    put!(session, made);
    XFT_OK
}

/// Ends a session at once, without telling anybody, and overwrites its memory with zeros: passwords, keys and
/// patient data are gone from it.
///
/// The memory is the caller's again and everything the session lent is void. Returns `XFT_OK`, `XFT_ERR_NULL`,
/// `XFT_ERR_ALIGN` or `XFT_ERR_NO_SESSION`. Call it last; to leave in good order call `xft_close` first and drain
/// until `XFT_EVENT_OFFLINE`.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_session_wipe(session: *mut xft_session) -> xft_status {
    // SAFETY: the caller's word, as the prototype says.
    check!(unsafe { Header::wipe(session) });
    XFT_OK
}

/// Tells more about the last call on this session that the session itself refused: how many bytes
/// `XFT_ERR_NO_SPACE` wanted, for which reason `XFT_ERR_CLOSED` was said.
///
/// Mistakes that the C border found (statuses 50..79) are not kept. Returns `XFT_OK`, `XFT_ERR_NULL`,
/// `XFT_ERR_ALIGN` or `XFT_ERR_NO_SESSION`. Call it right after the refusal.
///
/// # Safety
/// `session` comes from `xft_session_init`; `refusal` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_last_refusal(
    session: *const xft_session,
    refusal: *mut xft_refusal,
) -> xft_status {
    let header = session!(session);
    place!(header.block(); refusal);
    put!(refusal, header.refusal);
    XFT_OK
}

/// Hands in one whole stanza that came on the host's own stream (`XFT_OWNER_HOST`).
///
/// The stanza is the text of one `<iq/>`, `<message/>` or `<presence/>`, from `<` to `>`, with its `from` stamped by
/// the server. `stanza` is changed: file bytes are decoded in it. What `*received` points at is lent until the next
/// call on this session. Returns `XFT_OK`; `XFT_ERR_FULL`, nothing was taken: drain with `xft_poll` and
/// `xft_stored`, then hand it in again; `XFT_ERR_STANZA`, `XFT_ERR_OVERSIZED`, `XFT_ERR_STATE` (the session owns the stream),
/// `XFT_ERR_CLOSED` or a status of the border. With `XFT_RECEIVED_NOT_MINE` the host handles the stanza; service
/// discovery is among these, and its answer has to hold the features of `xft_feature`. A stanza with an in-band block
/// was decoded in place by then: a host with in-band bytestreams of its own keeps a copy of those. Call it for every
/// stanza that comes, before the next `xft_poll`.
///
/// # Safety
/// `session` comes from `xft_session_init`; `stanza` may be written for `len` bytes and lies outside the session's
/// memory; `received` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_stanza_in(
    session: *mut xft_session,
    stanza: *mut u8,
    len: usize,
    received: *mut xft_received,
) -> xft_status {
    let header = session!(session);
    place!(header.block(); received; (stanza, len));
    let input = bytes_mut!(stanza, len, header);
    match header.session.stanza_in(input) {
        Ok(what) => {
            put!(received, what.into());
            XFT_OK
        }
        Err(error) => header.refuse(error),
    }
}

/// Tells the service-discovery features that a host has to announce (`XFT_OWNER_HOST`), one for each `index` from 0.
///
/// Writes a pointer to `*len` bytes of ASCII into `*feature`, not NUL-terminated, a constant of the library. Returns
/// `XFT_OK`, `XFT_ERR_ARGUMENT` behind the last feature, or a status of the border. Call it when answering a
/// disco#info question (XEP-0030): a peer that does not see these features sends no files.
///
/// # Safety
/// `feature` and `len` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_feature(index: u32, feature: *mut *const c_char, len: *mut usize) -> xft_status {
    place!(NOWHERE; feature, len);
    let at = usize::try_from(index).ok();
    let Some(text) = at.and_then(|at| FEATURES.get(at)) else { return XFT_ERR_ARGUMENT };
    put!(feature, text.as_ptr().cast());
    put!(len, text.len());
    XFT_OK
}

/// Tells the session the time, `now_ms` on the clock given to `xft_session_init`.
///
/// Too early is harmless, backwards is taken as no progress. Nothing ends by this call: `xft_poll` judges what was due
/// when it last said WAIT, unless something came since. Returns `XFT_OK`, `XFT_ERR_CLOSED` once `XFT_EVENT_OFFLINE` was
/// said, or a status of the border. Call it whenever the program wakes up, before it hands in what came, whose deadlines
/// count from here; then drain with `xft_poll`.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_tick(session: *mut xft_session, now_ms: u64) -> xft_status {
    let header = session!(session);
    match header.session.tick(Instant::from_ms(now_ms)) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Asks for the next thing to do; bytes to send are written into `out`.
///
/// `*output` says what: see `XFT_OUTPUT_...`. Do it, then call again, until it says `XFT_OUTPUT_WAIT`. `out` stays
/// the caller's; with `XFT_OUT_BYTES(block_bytes)` bytes it is always large enough. Returns
/// `XFT_OK`; `XFT_ERR_NO_SPACE`, nothing changed: call again with as much as `xft_last_refusal` tells;
/// `XFT_ERR_CLOSED` once `XFT_EVENT_OFFLINE` was said; or a status of the border. Call it after every other call. A program
/// that cannot send for a while calls it with `cap` 0, so that events and deadlines go on: they need no room.
///
/// # Safety
/// `session` comes from `xft_session_init`; `out` may be written for `cap` bytes and lies outside the session's
/// memory; `output` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_poll(
    session: *mut xft_session,
    out: *mut u8,
    cap: usize,
    output: *mut xft_output,
) -> xft_status {
    let header = session!(session);
    place!(header.block(); output; (out, cap));
    let out = bytes_mut!(out, cap, header);
    match header.session.poll(out) {
        Ok(what) => {
            put!(output, what.into());
            XFT_OK
        }
        Err(error) => header.refuse(error),
    }
}

/// Tells the session's full JID, as the server bound it.
///
/// Writes a pointer to `*len` bytes of UTF-8 into `*jid`, not NUL-terminated, lent until the next call on this
/// session; `*len` is 0 before `XFT_EVENT_ONLINE`. Returns `XFT_OK` or a status of the border. Callable at any time.
///
/// # Safety
/// `session` comes from `xft_session_init`; `jid` and `len` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_jid(
    session: *const xft_session,
    jid: *mut *const c_char,
    len: *mut usize,
) -> xft_status {
    let header = session!(session);
    place!(header.block(); jid, len);
    let text = header.session.jid();
    put!(jid, text.as_ptr().cast());
    put!(len, text.len());
    XFT_OK
}

/// Tells what the server said beside the condition when the session ended.
///
/// It is the text of its error, another host it names, or the name of a feature it requires that is unknown here; with
/// `XFT_REASON_LIMIT_EXCEEDED` the limit that it broke. Writes
/// a pointer to `*len` bytes of printable ASCII, at most 264, into `*text`, not NUL-terminated, lent until the next call
/// on this session; `*len` is 0 when the server said nothing. It is the server's word: show it to people, decide nothing
/// by it. Returns `XFT_OK` or a status of the border. Call it after `XFT_EVENT_OFFLINE`.
///
/// # Safety
/// `session` comes from `xft_session_init`; `text` and `len` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_detail(
    session: *const xft_session,
    text: *mut *const c_char,
    len: *mut usize,
) -> xft_status {
    let header = session!(session);
    place!(header.block(); text, len);
    let detail = header.session.detail();
    put!(text, detail.as_ptr().cast());
    put!(len, detail.len());
    XFT_OK
}

/// Leaves in good order: running transfers are cancelled, the stream is closed, `XFT_EVENT_OFFLINE` follows.
///
/// Go on with the loop until that event: the session still has to send, and waits `close_ms` for the server. Returns
/// `XFT_OK`, `XFT_ERR_CLOSED` or a status of the border. Call it when nothing more is to do.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_close(session: *mut xft_session) -> xft_status {
    let header = session!(session);
    match header.session.close() {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

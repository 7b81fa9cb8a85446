//! The functions of the C ABI that speak of streams and of where they lead, in the order in which a program meets them.

use crate::arena::xft_session;
use crate::border::{bytes, bytes_mut, check, place, put, session, text};
use crate::codes::{xft_status, xft_status::*};
use crate::output::xft_received;
use core::ffi::c_char;
use xft_core::{ChannelBinding, StreamEnd, StreamId};

/// `xft_stream_end`: the stream broke; for stream 0 also: the other side closed it.
pub const XFT_END_LOST: u32 = 1;
/// `xft_stream_end`: TLS failed: handshake, certificate, or a broken record.
pub const XFT_END_TLS_FAILED: u32 = 2;
/// `xft_stream_end`: the other side ended the stream in good order, by shutting it down or closing it.
pub const XFT_END_ENDED: u32 = 3;
/// `xft_stream_end`: never up: nobody listens there.
pub const XFT_END_REFUSED: u32 = 4;
/// `xft_stream_end`: never up: no route, or the network failed.
pub const XFT_END_UNREACHABLE: u32 = 5;
/// `xft_stream_end`: never up: the name has no address.
pub const XFT_END_UNRESOLVED: u32 = 6;
/// `xft_stream_end`: never up: nothing came back in the program's own time.
pub const XFT_END_TIMED_OUT: u32 = 7;
/// `xft_stream_end`: never up: the program does not connect to that address.
pub const XFT_END_FORBIDDEN: u32 = 8;

/// Tells an address where the program listens for SOCKS5 streams; peers get it with the next offers.
///
/// `host` is an IPv4 or IPv6 address without brackets, or a name that peers can resolve, `port` the TCP port. It is
/// copied; saying it twice is the same as once. Without an address no file goes direct from this end. Returns `XFT_OK`,
/// `XFT_ERR_HOST`, `XFT_ERR_FULL` (no room left in `hosts_bytes`), `XFT_ERR_NO_STREAMS` (the session stays in band),
/// `XFT_ERR_CLOSED` or a status of the border. Call it before `xft_offer`, once for each address; the one that peers
/// shall try first comes first.
///
/// # Safety
/// `session` comes from `xft_session_init`; `host` has its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_add_address(
    session: *mut xft_session,
    host: *const c_char,
    host_len: usize,
    port: u32,
) -> xft_status {
    let header = session!(session);
    let host = text!(host, host_len, header);
    let Ok(port) = u16::try_from(port) else { return XFT_ERR_HOST };
    match header.session.add_address(host, port) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Forgets all addresses of `xft_add_address`: nobody listens any more, or at others.
///
/// Offers that went out stay as they are. Returns `XFT_OK`, `XFT_ERR_CLOSED` or a status of the border. Call it when the
/// listener closes or the machine's addresses change, then add the new ones.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_clear_addresses(session: *mut xft_session) -> xft_status {
    let header = session!(session);
    match header.session.clear_addresses() {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Names a proxy to use; the server is not asked for its own proxies then.
///
/// `jid` is the proxy's JID, for example `proxy.example.org`; `host` and `port` are where it listens, as in
/// `xft_add_address`. Both are copied. Returns `XFT_OK`, `XFT_ERR_PROXY`, `XFT_ERR_HOST`, `XFT_ERR_FULL` (no room left
/// in `hosts_bytes`), `XFT_ERR_NO_STREAMS` (the session stays in band), `XFT_ERR_CLOSED` or a status of the border. Call
/// it before the login, once for each proxy.
///
/// # Safety
/// `session` comes from `xft_session_init`; `jid` and `host` have their lengths.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_add_proxy(
    session: *mut xft_session,
    jid: *const c_char,
    jid_len: usize,
    host: *const c_char,
    host_len: usize,
    port: u32,
) -> xft_status {
    let header = session!(session);
    let (jid, host) = (text!(jid, jid_len, header), text!(host, host_len, header));
    let Ok(port) = u16::try_from(port) else { return XFT_ERR_HOST };
    match header.session.add_proxy(jid, host, port) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Says that the transport of a stream is up. With `XFT_TLS_DIRECT` that of stream 0 means its TLS too.
///
/// `stream` is 0, the XMPP stream, or the number that `XFT_OUTPUT_CONNECT` gave. Drain with `xft_poll` afterwards: the
/// session has something to send. Returns `XFT_OK`, `XFT_ERR_STREAM` (void by now: close the socket), `XFT_ERR_STATE`
/// (open already, or owned by the host), `XFT_ERR_CLOSED` or a status of the border. Call it once per stream, after
/// connecting.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_stream_open(session: *mut xft_session, stream: u32) -> xft_status {
    let header = session!(session);
    let stream = check!(stream_id(stream));
    match header.session.stream_open(stream) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Says that TLS is up, and hands over its channel bindings.
///
/// `exporter` is `tls-exporter` (RFC 9266, TLS 1.3: 32 bytes), `server_end_point` is `tls-server-end-point`
/// (RFC 5929: the hash of the server's certificate, at most 64 bytes); NULL with length 0 where not known. Both are
/// copied. Give all that are known: they let the login notice a man in the middle. Returns `XFT_OK`,
/// `XFT_ERR_CHANNEL_BINDING`, `XFT_ERR_STATE` (at any other time), `XFT_ERR_CLOSED` or a status of the border. Call it after
/// `XFT_OUTPUT_START_TLS`, or before `xft_stream_open` with `XFT_TLS_DIRECT`, once the certificate is verified.
///
/// # Safety
/// `session` comes from `xft_session_init`; the buffers have their lengths.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_tls_done(
    session: *mut xft_session,
    exporter: *const u8,
    exporter_len: usize,
    server_end_point: *const u8,
    server_end_point_len: usize,
) -> xft_status {
    let header = session!(session);
    let exporter = bytes!(exporter, exporter_len, header);
    let server_end_point = bytes!(server_end_point, server_end_point_len, header);
    let binding = ChannelBinding {
        exporter: Some(exporter).filter(|it| !it.is_empty()),
        server_end_point: Some(server_end_point).filter(|it| !it.is_empty()),
    };
    match header.session.tls_done(&binding) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// Says that somebody connected to an address of `xft_add_address`.
///
/// `source` is any number that is the same for streams from the same machine, for example its IPv4 address, or 0 if it is
/// not known: it keeps one machine from taking every place. `*stream` is the number of the stream from here on: its bytes
/// go to `xft_stream_in`, its end to `xft_stream_end`, and `XFT_OUTPUT_TRANSMIT` and `XFT_OUTPUT_CLOSE` name it. Returns
/// `XFT_OK`; `XFT_ERR_FULL` (too many have not shown whom they belong to) or `XFT_ERR_STATE` (no peer is awaited): close
/// the socket; `XFT_ERR_CLOSED` or a status of the border. Call it after accept(2).
///
/// # Safety
/// `session` comes from `xft_session_init`; `stream` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_stream_accepted(
    session: *mut xft_session,
    source: u64,
    stream: *mut u32,
) -> xft_status {
    let header = session!(session);
    place!(header.block(); stream);
    match header.session.stream_accepted(source) {
        Ok(made) => {
            put!(stream, u32::from(made.0));
            XFT_OK
        }
        Err(error) => header.refuse(error),
    }
}

/// Hands in bytes that came on a stream.
///
/// `stream` is 0, the XMPP stream, or that of a `XFT_OUTPUT_CONNECT` or `xft_stream_accepted`. `buf` is changed: file
/// bytes are decoded in it; those of a SOCKS5 stream are lent as they came. `*used` tells how many of the `len` bytes
/// were used, `*received` what became of them; call again with the rest while `*used` is smaller than `len`. What
/// `*received` points at is lent until the next call on this session. A program that cannot store as fast as bytes come
/// on a SOCKS5 stream does not read its socket for a while; the sender then waits. Returns `XFT_OK`; `XFT_ERR_FULL`,
/// nothing was used: drain with `xft_poll` and `xft_stored`, then hand the same bytes in again; `XFT_ERR_STREAM` (void
/// by now: throw the bytes away), `XFT_ERR_STATE` (`xft_stream_open`, or `xft_tls_done` after `XFT_OUTPUT_START_TLS`, was
/// not called yet, or the host owns the XMPP stream), `XFT_ERR_CLOSED` or a status of the border. Call it for every read,
/// before the next `xft_poll`.
///
/// # Safety
/// `session` comes from `xft_session_init`; `buf` may be written for `len` bytes and lies outside the session's
/// memory; `used` and `received` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_stream_in(
    session: *mut xft_session,
    stream: u32,
    buf: *mut u8,
    len: usize,
    used: *mut usize,
    received: *mut xft_received,
) -> xft_status {
    let header = session!(session);
    let stream = check!(stream_id(stream));
    place!(header.block(); used, received; (buf, len));
    let input = bytes_mut!(buf, len, header);
    match header.session.stream_in(stream, input) {
        Ok((count, what)) => {
            put!(received, what.into());
            put!(used, count);
            XFT_OK
        }
        Err(error) => header.refuse(error),
    }
}

/// Says that a stream ended, or that it never came up.
///
/// `stream` is 0, the XMPP stream, or that of a `XFT_OUTPUT_CONNECT` or `xft_stream_accepted`. `why` is `XFT_END_LOST`,
/// `XFT_END_TLS_FAILED` or, for a stream other than 0, `XFT_END_ENDED`; for a stream that never came up
/// `XFT_END_REFUSED`, `XFT_END_UNREACHABLE`, `XFT_END_UNRESOLVED`, `XFT_END_TIMED_OUT` or `XFT_END_FORBIDDEN`. Drain
/// with `xft_poll` afterwards. When stream 0 ends, every transfer reports its end, then the session reports
/// `XFT_EVENT_OFFLINE`; when another one does, its transfer ends well, fails, or goes on another way. After
/// `XFT_END_ENDED` the stream stays open for what is still transmitted, until `XFT_OUTPUT_CLOSE`, but is read no more;
/// after any other `why` close the socket: its number is void, no `XFT_OUTPUT_CLOSE` follows. Returns `XFT_OK`,
/// `XFT_ERR_CODE`, `XFT_ERR_STREAM` (void by now: nothing to do), `XFT_ERR_STATE`, `XFT_ERR_CLOSED` or a status of the
/// border. Call it when connecting, a read or a write fails, when a read returns end of file, or when the certificate
/// is not the server's.
///
/// # Safety
/// `session` comes from `xft_session_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_stream_end(session: *mut xft_session, stream: u32, why: u32) -> xft_status {
    let header = session!(session);
    let stream = check!(stream_id(stream));
    let end = match why {
        XFT_END_LOST => StreamEnd::Lost,
        XFT_END_TLS_FAILED => StreamEnd::TlsFailed,
        XFT_END_ENDED => StreamEnd::Ended,
        XFT_END_REFUSED => StreamEnd::Refused,
        XFT_END_UNREACHABLE => StreamEnd::Unreachable,
        XFT_END_UNRESOLVED => StreamEnd::Unresolved,
        XFT_END_TIMED_OUT => StreamEnd::TimedOut,
        XFT_END_FORBIDDEN => StreamEnd::Forbidden,
        _ => return XFT_ERR_CODE,
    };
    match header.session.stream_end(stream, end) {
        Ok(()) => XFT_OK,
        Err(error) => header.refuse(error),
    }
}

/// C speaks of streams with 32 bits, the core has 16.
fn stream_id(number: u32) -> Result<StreamId, xft_status> {
    u16::try_from(number).map(StreamId).map_err(|_| XFT_ERR_STREAM)
}

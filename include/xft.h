/*
 * libxft: XMPP file transfer for programs that have their own event loop.
 *
 * The library opens no socket, no file and no thread, reads no clock and allocates nothing. The program lends it one
 * block of memory, carries bytes and tells the time; the library speaks XMPP. Everything a program does is this loop,
 * here in band, with poll(2), for one file; `sending` tells which end it is. examples-c has complete programs:
 *
 *   static uint64_t mem[(XFT_SESSION_BYTES_IN_BAND(2, 8192) + 7) / 8];
 *   static uint8_t out[XFT_OUT_BYTES(8192)], in[16384], block[8192];
 *   xft_config cfg; xft_session *session; xft_output o; xft_received r;
 *   uint32_t transfer; size_t used, at = 0, len = 0;
 *   xft_config_init(&cfg, sizeof cfg);
 *   introduce(&cfg);                                  // account, password, resource, 32 bytes of entropy
 *   cfg.tls = XFT_TLS_DIRECT;                         // write_all and read_until speak TLS
 *   memset(cfg.methods, 0, sizeof cfg.methods);
 *   cfg.methods[0] = XFT_METHOD_IN_BAND;              // and no other: see below for SOCKS5
 *   if (xft_session_init(mem, sizeof mem, &cfg, now_ms(), &session) != XFT_OK) { return; }
 *   xft_stream_open(session, 0);                      // the socket is connected
 *   for (;;) {
 *     while (xft_poll(session, out, sizeof out, &o) == XFT_OK && o.kind != XFT_OUTPUT_WAIT) {
 *       if (o.kind == XFT_OUTPUT_NEED_DATA) {         // a block of the file is wanted
 *         ssize_t n = pread(file, block, o.len, (off_t)o.offset);
 *         if (n > 0) { xft_supply(session, o.transfer, o.offset, block, (size_t)n, out, sizeof out, &o); }
 *         else { xft_cancel(session, o.transfer, XFT_CANCEL_READ_FAILED); }
 *       }
 *       if (o.kind == XFT_OUTPUT_TRANSMIT) { write_all(sock, o.bytes, o.len); }
 *       if (o.event == XFT_EVENT_ONLINE && sending) { xft_offer(session, &file_to_send, &transfer); }
 *       if (o.event == XFT_EVENT_SETTLE) {            // all is stored: what can fail comes before the sender hears of it
 *         if (fsync(part_file) == 0) { xft_settled(session, o.transfer); }   // and what else you do: name, folder
 *         else { xft_cancel(session, o.transfer, XFT_CANCEL_STORE_FAILED); }
 *       }
 *       if (o.event == XFT_EVENT_FINISHED) { xft_close(session); } // o.ending says how
 *       if (o.event == XFT_EVENT_OFFLINE) { xft_session_wipe(session); return; }
 *     }
 *     if (at == len) {                                // all that came is taken: poll(2) with a deadline, then read(2)
 *       ssize_t got = read_until(sock, in, sizeof in, o.until_ms);
 *       xft_tick(session, now_ms());                  // the time at which it came
 *       if (got == 0) { xft_stream_end(session, 0, XFT_END_LOST); }
 *       at = 0;
 *       len = got > 0 ? (size_t)got : 0;
 *     }
 *     while (at < len && xft_stream_in(session, 0, in + at, len - at, &used, &r) == XFT_OK) {
 *       at += used;
 *       if (r.kind == XFT_RECEIVED_OFFER) { xft_accept(session, r.transfer, 0); }
 *       if (r.kind == XFT_RECEIVED_DATA) {            // store first, then say so: only then it is acknowledged
 *         ssize_t n = pwrite(part_file, r.bytes, r.len, (off_t)r.offset);
 *         if (n == (ssize_t)r.len) { xft_stored(session, r.transfer, r.offset + r.len); }
 *         else { xft_cancel(session, r.transfer, XFT_CANCEL_STORE_FAILED); }
 *       }
 *     }
 *   }
 *
 * Time alone ends nothing. A deadline that has come is judged by xft_poll, once XFT_OUTPUT_WAIT had left the program alone
 * with it and nothing came from there to the next xft_tick and xft_poll. So a program that was stopped, or slept with its
 * laptop, loses no file whose acknowledgements wait in its sockets. What it must do: after every XFT_OUTPUT_WAIT read what
 * is there, on every stream, and hand it in. When `until_ms` has come it does not sleep, but it does read.
 *
 * Files that go over SOCKS5 bytestreams, direct or through a proxy of the server, have a TCP stream of their own; the
 * program carries it like the XMPP stream, under the number that XFT_OUTPUT_CONNECT or xft_stream_accepted gave:
 * - XFT_OUTPUT_CONNECT: connect to host and port without blocking, then xft_stream_open or xft_stream_end.
 * - XFT_OUTPUT_SEND_RAW: move the file's bytes to that stream, with sendfile(2) and xft_sent or with xft_supply.
 * - XFT_OUTPUT_HALF_CLOSE: shutdown(2) for writing; XFT_OUTPUT_CLOSE: close(2), the number is void from there on.
 * - What comes on it goes to xft_stream_in with its number, its end to xft_stream_end.
 * - With a listening socket: xft_add_address tells peers of it, accept(2) is followed by xft_stream_accepted.
 * The session chooses between the ways, says XFT_EVENT_STARTED with the method, and falls back to in band by itself.
 *
 * Who can read the file: TLS protects the stream to the server and nothing behind it. In band the servers of both ends
 * read every byte. Over SOCKS5 the bytes cross the network in clear, and a proxy reads them; the digest by which both
 * ends find each other is known to whoever saw the stanzas, so it keeps nobody out and nothing secret. The hashes of the
 * receipt find damage, not readers. What is confidential has to be encrypted before it is handed to the library, or the
 * network in between has to be trusted.
 *
 * Set TCP_NODELAY on every socket, that of the XMPP stream too: a transfer begins and ends with short messages that wait
 * for each other, and without it each of them may be held back for 40 ms.
 *
 * Rules that hold for every call:
 * - The status is the return value; results go through pointers and are written only with XFT_OK.
 * - A refused call has changed nothing. xft_status_text says in English what to do.
 * - Every pointer is checked: NULL is an error, except for texts and buffers of length 0. "A status of the border"
 *   in a list of codes means XFT_ERR_NULL, XFT_ERR_ALIGN, XFT_ERR_LENGTH, XFT_ERR_NO_SESSION, XFT_ERR_UTF8,
 *   XFT_ERR_OVERLAP, XFT_ERR_STRUCT_SIZE, XFT_ERR_NEWER, XFT_ERR_FLAGS, XFT_ERR_RESERVED and XFT_ERR_METHODS, as far
 *   as the call has such arguments. These are looked for first.
 * - Buffers, texts, structures and places for results share no byte with each other or with the session's memory. What
 *   the library lent lies there: copy it before it is given to another call.
 * - Texts are UTF-8 with a length in bytes. Sizes and offsets are bytes, times are milliseconds.
 * - What the library lends (pointers in xft_received, xft_jid, xft_detail) lives until the next call on the same session.
 * - One session serves one thread at a time. Different sessions share nothing.
 * - Handles are numbers, never 0; that of a finished transfer is refused with XFT_ERR_STALE.
 * - The end is XFT_EVENT_OFFLINE. After it every call says XFT_ERR_CLOSED, except xft_jid, xft_detail, xft_last_refusal
 *   and xft_session_wipe. From the moment at which the session ends until xft_poll has told so, commands say it already,
 *   and xft_poll still tells how every transfer ended.
 *
 * C99 and C++11. SPDX-License-Identifier: MIT OR Apache-2.0. Made by cbindgen from ffi/src, do not edit.
 */


#ifndef XFT_H
#define XFT_H

#include <stddef.h>
#include <stdint.h>

/**
 * Upper bound of the bytes of a session for `transfers` transfers at once and blocks up to `block_bytes`, with
 * `contacts`, `streams` and `hosts_bytes` left as they are, for programs with static memory; xft_session_layout tells
 * the exact number. Align the memory to XFT_SESSION_ALIGN:
 *
 *   static uint64_t memory[(XFT_SESSION_BYTES(2, 4096) + 7) / 8];
 */
#define XFT_SESSION_BYTES(transfers, block_bytes) \
  (5120u + XFT_SESSION_BYTES_IN_BAND(transfers, block_bytes))

/**
 * The same for a session whose `methods` hold only XFT_METHOD_IN_BAND: without streams and addresses.
 */
#define XFT_SESSION_BYTES_IN_BAND(transfers, block_bytes) \
  (12288u + 900u * (size_t)(transfers) + (size_t)(block_bytes))

/**
 * A size of the output buffer of xft_poll and xft_supply with which they never refuse for want of room: one block in
 * base64, or the longest other stanza. Smaller buffers work too; what does not fit is refused with XFT_ERR_NO_SPACE.
 */
#define XFT_OUT_BYTES(block_bytes) (4096u + ((size_t)(block_bytes) + 2u) / 3u * 4u)


/**
 * Alignment of a session's memory, bytes, on every machine.
 */
#define XFT_SESSION_ALIGN 8

/**
 * Version of this interface: major in the upper 16 bits, minor in the lower. The same major version means that a
 * program compiled against this header works with the library.
 */
#define XFT_ABI_VERSION 65536

/**
 * `owner`: the session speaks the XMPP stream; the program carries the bytes of stream 0.
 */
#define XFT_OWNER_SESSION 1

/**
 * `owner`: the program already has a bound XMPP stream under `host_jid` and hands in whole stanzas.
 */
#define XFT_OWNER_HOST 2

/**
 * `tls`: STARTTLS, or no login.
 */
#define XFT_TLS_START 1

/**
 * `tls`: the program's TLS runs before `xft_stream_open`; call `xft_tls_done` between them if bindings are known.
 */
#define XFT_TLS_DIRECT 2

/**
 * `tls`: plain text. Everybody on the way reads passwords and patient data: for tests only.
 */
#define XFT_TLS_UNSAFE_PLAIN 3

/**
 * `scram_floor`: SCRAM-SHA-1 and better.
 */
#define XFT_SCRAM_SHA1 1

/**
 * `scram_floor`: SCRAM-SHA-256 and better.
 */
#define XFT_SCRAM_SHA256 2

/**
 * `scram_floor`: SCRAM-SHA-1-PLUS and better, that is, channel binding is a must.
 */
#define XFT_SCRAM_SHA1_PLUS 3

/**
 * `scram_floor`: SCRAM-SHA-256-PLUS only.
 */
#define XFT_SCRAM_SHA256_PLUS 4

/**
 * `carrier`: blocks travel in iq stanzas, each is acknowledged.
 */
#define XFT_CARRIER_IQ 1

/**
 * `carrier`: blocks travel in message stanzas without acknowledgement, for peers known to want it.
 */
#define XFT_CARRIER_MESSAGE 2

/**
 * `flags`: the TLS layer presents a client certificate, use SASL EXTERNAL if offered.
 */
#define XFT_FLAG_SASL_EXTERNAL 1

/**
 * `flags`: allow SASL PLAIN on an encrypted stream; the server then learns the password.
 */
#define XFT_FLAG_SASL_PLAIN 2

/**
 * `flags`: send blocks of `3*floor(block/4)` bytes, for receivers of XEP-0047 1.3.
 */
#define XFT_FLAG_COMPAT_BLOCKS 4

/**
 * `flags`: compute and offer MD5 for peers that know no SHA-256.
 */
#define XFT_FLAG_MD5 8

/**
 * `flags`: refuse a streamhost whose reply does not repeat our request, as XEP-0065 wants it; many send something
 * else.
 */
#define XFT_FLAG_STRICT_REPLIES 16

/**
 * `flags`: no receipts. Nothing is hashed then unless an offer brings a hash, and a sender hears neither that its file is
 * whole nor, over SOCKS5, that it could not be kept: `XFT_FLAG_NO_HASHES` is nearly always what is meant.
 */
#define XFT_FLAG_NO_RECEIPTS 32

/**
 * `flags`: the client certificate of `XFT_FLAG_SASL_EXTERNAL` holds several addresses, so EXTERNAL says that `account`
 * is the one that logs in.
 */
#define XFT_FLAG_SASL_EXTERNAL_ACCOUNT 64

/**
 * `flags`: no file is hashed whose offer brings no hash: faster, and files that nothing was compared of end with
 * `XFT_ENDING_DELIVERED` and `XFT_ENDING_UNVERIFIED`. A sender still hears whether the file could be kept, from peers that
 * know receipts of version 1.
 */
#define XFT_FLAG_NO_HASHES 128

/**
 * `service`: the stream begins in plain, then STARTTLS; `tls` is `XFT_TLS_START`.
 */
#define XFT_SERVICE_START_TLS 1

/**
 * `service`: the stream begins with TLS; `tls` is `XFT_TLS_DIRECT`.
 */
#define XFT_SERVICE_DIRECT 2

/**
 * `has`: `date` is given.
 */
#define XFT_HAS_DATE 1

/**
 * `has`: `sha256` is given.
 */
#define XFT_HAS_SHA256 2

/**
 * `has`: `md5` is given.
 */
#define XFT_HAS_MD5 4

/**
 * `has`, in `xft_received` only: the peer can start at an offset.
 */
#define XFT_HAS_RANGED 8

/**
 * Bytes of `name` in `xft_received`, with its terminating NUL.
 */
#define XFT_NAME_BYTES 128

/**
 * `xft_stream_end`: the stream broke; for stream 0 also: the other side closed it.
 */
#define XFT_END_LOST 1

/**
 * `xft_stream_end`: TLS failed: handshake, certificate, or a broken record.
 */
#define XFT_END_TLS_FAILED 2

/**
 * `xft_stream_end`: the other side ended the stream in good order, by shutting it down or closing it.
 */
#define XFT_END_ENDED 3

/**
 * `xft_stream_end`: never up: nobody listens there.
 */
#define XFT_END_REFUSED 4

/**
 * `xft_stream_end`: never up: no route, or the network failed.
 */
#define XFT_END_UNREACHABLE 5

/**
 * `xft_stream_end`: never up: the name has no address.
 */
#define XFT_END_UNRESOLVED 6

/**
 * `xft_stream_end`: never up: nothing came back in the program's own time.
 */
#define XFT_END_TIMED_OUT 7

/**
 * `xft_stream_end`: never up: the program does not connect to that address.
 */
#define XFT_END_FORBIDDEN 8

/**
 * `xft_decline`: the file is not wanted.
 */
#define XFT_DECLINE_UNWANTED 1

/**
 * `xft_decline`: not now, busy or no room; the sender may offer it again later.
 */
#define XFT_DECLINE_BUSY 2

/**
 * `xft_decline`: it cannot be stored; the sender hears `XFT_REASON_PEER_STORE_FAILED`.
 */
#define XFT_DECLINE_STORE_FAILED 3

/**
 * `xft_cancel`: somebody decided so.
 */
#define XFT_CANCEL_WISH 1

/**
 * `xft_cancel`: the file cannot be read any more (sender).
 */
#define XFT_CANCEL_READ_FAILED 2

/**
 * `xft_cancel`: the bytes cannot be stored (receiver): disk full, I/O error, or the file cannot be given its place.
 */
#define XFT_CANCEL_STORE_FAILED 3

/**
 * `xft_cancel`: the file is not any more the one that was offered (sender): it grew, shrank, or was replaced.
 */
#define XFT_CANCEL_SOURCE_CHANGED 4

/**
 * What a call returns. Anything but `XFT_OK` changed nothing and wrote none of the outputs, and the call may be
 * repeated after what `xft_status_text` says. Numbers 1..19 speak of the moment, 20..49 of an argument's value,
 * 50..79 of a mistake at the C border, 80..99 of memory.
 */
enum xft_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Done.
   */
  XFT_OK = 0,
  /**
   * A bounded table or queue is full. Drain with `xft_poll`, say what is stored, then call again.
   */
  XFT_ERR_FULL = 1,
  /**
   * The output buffer is too small; `xft_last_refusal` tells in `needed` how many bytes would do.
   */
  XFT_ERR_NO_SPACE = 2,
  /**
   * The handle names a transfer that is over. Forget it.
   */
  XFT_ERR_STALE = 3,
  /**
   * The call does not fit the state, for example `xft_accept` of an own offer, or `xft_stream_in` before
   * `xft_stream_open`.
   */
  XFT_ERR_STATE = 4,
  /**
   * Not logged in yet. Wait for `XFT_EVENT_ONLINE`.
   */
  XFT_ERR_OFFLINE = 5,
  /**
   * The stanza would be larger than the server accepts. Use smaller blocks or shorter texts.
   */
  XFT_ERR_TOO_LARGE = 6,
  /**
   * The session is over, `xft_last_refusal` tells the reason. Drain with `xft_poll` until it says the same; then only
   * `xft_session_wipe` is left to call, and what only tells: `xft_jid`, `xft_detail`, `xft_last_refusal`.
   */
  XFT_ERR_CLOSED = 7,
  /**
   * The session has no SOCKS5 streams, because its `methods` hold in band alone: addresses and proxies mean nothing
   * to it.
   */
  XFT_ERR_NO_STREAMS = 8,
  /**
   * The account is not a bare JID `user@domain`, or longer than 256 bytes.
   */
  XFT_ERR_ACCOUNT = 20,
  /**
   * The password is empty where one is needed, longer than 256 bytes, or holds control characters.
   */
  XFT_ERR_PASSWORD = 21,
  /**
   * The resource, or the JID of a host-owned stream, is malformed or too long.
   */
  XFT_ERR_RESOURCE = 22,
  /**
   * `block_bytes` is not in 1..65535, or a block in base64 with its envelope does not fit `element_bytes`.
   */
  XFT_ERR_BLOCK_BYTES = 23,
  /**
   * `window_bytes` is smaller than one block.
   */
  XFT_ERR_WINDOW_BYTES = 24,
  /**
   * `stanza_bytes` or `element_bytes` is below 10000.
   */
  XFT_ERR_STANZA_BYTES = 25,
  /**
   * The peer is not a full JID `user@domain/resource`, or longer than 256 bytes.
   */
  XFT_ERR_PEER = 26,
  /**
   * The file name is empty, or longer than 120 bytes once separators and control characters are replaced.
   */
  XFT_ERR_NAME = 27,
  /**
   * The file size is above 2^63-1.
   */
  XFT_ERR_FILE_SIZE = 28,
  /**
   * The offset lies outside the file or the range under way.
   */
  XFT_ERR_OFFSET = 29,
  /**
   * More or fewer bytes than asked for.
   */
  XFT_ERR_BYTES = 30,
  /**
   * The MIME type or the client name is too long or holds control characters.
   */
  XFT_ERR_TEXT = 31,
  /**
   * The stream number is none of this session, or void since `XFT_OUTPUT_CLOSE`. Nothing is lost: forget it.
   */
  XFT_ERR_STREAM = 32,
  /**
   * Channel-binding data is longer than 64 bytes.
   */
  XFT_ERR_CHANNEL_BINDING = 33,
  /**
   * The stanza handed in is not one whole stanza.
   */
  XFT_ERR_STANZA = 34,
  /**
   * The host is empty, longer than 255 bytes, or neither an address nor a name; or the port is not in 1..65535.
   */
  XFT_ERR_HOST = 35,
  /**
   * The proxy's JID is none, or longer than 256 bytes.
   */
  XFT_ERR_PROXY = 36,
  /**
   * The entropy was not set: all its bytes are 0.
   */
  XFT_ERR_ENTROPY = 37,
  /**
   * A time of the configuration is 0 that has no meaning for it.
   */
  XFT_ERR_TIMES = 38,
  /**
   * The stanza handed in is deeper, wider or larger than what is read, and no offer of a file. Nothing of it counts.
   */
  XFT_ERR_OVERSIZED = 40,
  /**
   * The peer is this session itself: nobody sends a file to its own full JID.
   */
  XFT_ERR_MYSELF = 39,
  /**
   * Another argument is out of its range.
   */
  XFT_ERR_ARGUMENT = 49,
  /**
   * A pointer is NULL, although it is no text or buffer of length 0.
   */
  XFT_ERR_NULL = 50,
  /**
   * A pointer is not aligned for what it points at.
   */
  XFT_ERR_ALIGN = 51,
  /**
   * A length is larger than any object can be.
   */
  XFT_ERR_LENGTH = 52,
  /**
   * The `size` field is none that any version of this structure had: fill it with the init function.
   */
  XFT_ERR_STRUCT_SIZE = 53,
  /**
   * The memory holds no session: never initialised, wiped, overwritten, or moved since.
   */
  XFT_ERR_NO_SESSION = 54,
  /**
   * A text is not UTF-8.
   */
  XFT_ERR_UTF8 = 55,
  /**
   * An input code (`XFT_TLS_...`, `XFT_CANCEL_...`) is none of the defined ones.
   */
  XFT_ERR_CODE = 56,
  /**
   * A flag bit that is not defined is set.
   */
  XFT_ERR_FLAGS = 57,
  /**
   * A reserved field is not 0: fill the structure with its init function.
   */
  XFT_ERR_RESERVED = 58,
  /**
   * Two of buffers, texts, structures and places for results overlap, or one lies in the session's memory, as what the
   * library lent does.
   */
  XFT_ERR_OVERLAP = 59,
  /**
   * `transfers`, `contacts`, `streams`, `hosts_bytes`, `offers_per_peer`, `accepted_per_source`, `message_rate`,
   * `scram_rounds_max`, `scram_rounds_per_poll` or `priority` is out of its range.
   */
  XFT_ERR_RANGE = 60,
  /**
   * `methods` holds an unknown method, one twice, or one behind a 0; or, in `xft_file`, one over SOCKS5 where the
   * session has no streams.
   */
  XFT_ERR_METHODS = 61,
  /**
   * The structure is larger than this library knows, and what it does not know is not 0: the program sets a field of
   * a later header. Link a later library, or leave that field at 0.
   */
  XFT_ERR_NEWER = 62,
  /**
   * The memory is smaller than `xft_session_layout` says.
   */
  XFT_ERR_MEMORY_SIZE = 80,
  /**
   * The memory is not aligned as `xft_session_layout` says.
   */
  XFT_ERR_MEMORY_ALIGN = 81,
  /**
   * The slots for transfers are too few (a defect of the library: please report).
   */
  XFT_ERR_PART_TRANSFERS = 82,
  /**
   * The slots for contacts are too few (a defect of the library: please report).
   */
  XFT_ERR_PART_CONTACTS = 83,
  /**
   * The part for the XML reader is too small (a defect of the library: please report).
   */
  XFT_ERR_PART_XML = 85,
  /**
   * The part for a stanza is too small (a defect of the library: please report).
   */
  XFT_ERR_PART_STANZA = 86,
  /**
   * The part for a block is too small (a defect of the library: please report).
   */
  XFT_ERR_PART_BLOCK = 87,
  /**
   * The part for the outbox is too small (a defect of the library: please report).
   */
  XFT_ERR_PART_OUTBOX = 88,
  /**
   * The part for acknowledgements is too small (a defect of the library: please report).
   */
  XFT_ERR_PART_ACKS = 89,
  /**
   * `streams` is 0, but `methods` holds one over SOCKS5.
   */
  XFT_ERR_PART_STREAMS = 90,
  /**
   * `hosts_bytes` is below 256, but `methods` holds one over SOCKS5.
   */
  XFT_ERR_PART_HOSTS = 91,
  /**
   * Another part of the memory is too small (a defect of the library: please report).
   */
  XFT_ERR_PART = 99,
  /**
   * An error that this version of the library has no number for.
   */
  XFT_ERR_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_status xft_status;
#else
typedef uint32_t xft_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a transfer failed (1..99) or a session ended (101..199). `xft_reason_text` says in English what to do next.
 */
enum xft_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Nothing failed.
   */
  XFT_REASON_NONE = 0,
  /**
   * The peer's owner declined the offer.
   */
  XFT_REASON_DECLINED = 1,
  /**
   * This end cancelled.
   */
  XFT_REASON_CANCELLED = 2,
  /**
   * The peer closed the bytestream before the end.
   */
  XFT_REASON_PEER_CANCELLED = 3,
  /**
   * The peer became unavailable, or its server says that it is gone.
   */
  XFT_REASON_PEER_GONE = 4,
  /**
   * Nobody has that address or is logged in under it, or the program there says the same because it takes no files.
   */
  XFT_REASON_PEER_UNKNOWN = 5,
  /**
   * The peer does not know file transfer.
   */
  XFT_REASON_UNSUPPORTED = 6,
  /**
   * No method both ends have.
   */
  XFT_REASON_NO_METHOD = 7,
  /**
   * The peer answered outside the protocol.
   */
  XFT_REASON_BAD_ANSWER = 8,
  /**
   * The peer or a server refused, see the condition.
   */
  XFT_REASON_REFUSED = 9,
  /**
   * The offer was not answered in time; the server was there.
   */
  XFT_REASON_OFFER_TIMEOUT = 10,
  /**
   * The bytestream was not opened in time.
   */
  XFT_REASON_OPEN_TIMEOUT = 11,
  /**
   * A block stayed unanswered; the own server was there.
   */
  XFT_REASON_BLOCK_TIMEOUT = 12,
  /**
   * The peer makes too little progress, or none.
   */
  XFT_REASON_STALLED = 13,
  /**
   * A block is missing or came twice.
   */
  XFT_REASON_SEQUENCE = 14,
  /**
   * A block was not valid base64.
   */
  XFT_REASON_BASE64 = 15,
  /**
   * A block was larger than agreed.
   */
  XFT_REASON_BLOCK_TOO_LARGE = 16,
  /**
   * The peer did not respect the window.
   */
  XFT_REASON_OVERRUN = 17,
  /**
   * More bytes than announced.
   */
  XFT_REASON_TOO_MANY_BYTES = 18,
  /**
   * The bytestream ended before the announced size.
   */
  XFT_REASON_TOO_FEW_BYTES = 19,
  /**
   * All bytes came, but their hash is not the announced one.
   */
  XFT_REASON_HASH_MISMATCH = 20,
  /**
   * The owner could not store.
   */
  XFT_REASON_STORE_FAILED = 21,
  /**
   * The owner could not read the file it sends.
   */
  XFT_REASON_READ_FAILED = 22,
  /**
   * The XMPP stream ended under the transfer.
   */
  XFT_REASON_STREAM_LOST = 23,
  /**
   * There is nothing to offer for SOCKS5, and no other method is allowed.
   */
  XFT_REASON_NO_STREAMHOST = 24,
  /**
   * No streamhost could be reached, and no other method is left.
   */
  XFT_REASON_NOT_REACHED = 25,
  /**
   * The proxy did not activate the stream, and no other method is left.
   */
  XFT_REASON_ACTIVATION_FAILED = 26,
  /**
   * The SOCKS5 stream broke before the last byte.
   */
  XFT_REASON_BYTESTREAM_LOST = 27,
  /**
   * The peer could not store, or could not give the file its place.
   */
  XFT_REASON_PEER_STORE_FAILED = 28,
  /**
   * The file was not any more the one that was offered when its last byte was due.
   */
  XFT_REASON_SOURCE_CHANGED = 29,
  /**
   * The peer takes no more files at the moment: temporary, offer the file again later.
   */
  XFT_REASON_BUSY = 30,
  /**
   * The owner closed the session.
   */
  XFT_REASON_CLOSED = 101,
  /**
   * The server closed the stream in good order.
   */
  XFT_REASON_SERVER_CLOSED = 102,
  /**
   * The transport ended without a closing tag.
   */
  XFT_REASON_STREAM_ENDED = 103,
  /**
   * TLS failed, as the owner reported.
   */
  XFT_REASON_TLS_FAILED = 104,
  /**
   * The server offers no STARTTLS and the configuration requires TLS.
   */
  XFT_REASON_TLS_MISSING = 105,
  /**
   * The server answered STARTTLS with failure.
   */
  XFT_REASON_TLS_REFUSED = 106,
  /**
   * Bytes came glued to the server's go-ahead for TLS.
   */
  XFT_REASON_TLS_INJECTED = 107,
  /**
   * The stream header is not one of XMPP 1.0 from the wanted domain.
   */
  XFT_REASON_BAD_HEADER = 108,
  /**
   * The server requires a feature that is unknown here.
   */
  XFT_REASON_FEATURE_UNKNOWN = 109,
  /**
   * The bytes are not well-formed XML.
   */
  XFT_REASON_NOT_WELL_FORMED = 110,
  /**
   * The XML holds what RFC 6120 11.1 forbids.
   */
  XFT_REASON_RESTRICTED_XML = 111,
  /**
   * The server itself broke a limit (levels, names, attributes, bytes), or left an element unfinished for `element_ms`:
   * `xft_detail` says which. What others send through it never does.
   */
  XFT_REASON_LIMIT_EXCEEDED = 112,
  /**
   * First-level text or elements that do not belong there.
   */
  XFT_REASON_BAD_FORMAT = 113,
  /**
   * The server sent a stream error, see the condition.
   */
  XFT_REASON_STREAM_ERROR = 114,
  /**
   * No SASL mechanism that both sides have and the configuration allows.
   */
  XFT_REASON_NO_MECHANISM = 115,
  /**
   * Wrong user name or password.
   */
  XFT_REASON_NOT_AUTHORIZED = 116,
  /**
   * Authentication failed for another reason, see the condition.
   */
  XFT_REASON_AUTH_FAILED = 117,
  /**
   * The server did not prove that it knows the password.
   */
  XFT_REASON_SERVER_NOT_PROVEN = 118,
  /**
   * A message of the server's in the login is malformed, or its iteration count is outside the limits.
   */
  XFT_REASON_BAD_CHALLENGE = 119,
  /**
   * `scram_floor` demands channel binding, and the server announces its types but no mechanism that uses them.
   */
  XFT_REASON_DOWNGRADE = 120,
  /**
   * The server refused to bind a resource.
   */
  XFT_REASON_BIND_REFUSED = 121,
  /**
   * The server bound another account than the one authenticated.
   */
  XFT_REASON_BIND_MISMATCH = 122,
  /**
   * Login took too long.
   */
  XFT_REASON_LOGIN_TIMEOUT = 123,
  /**
   * The server stopped answering, a ping too. What was overdue of peers by then is not theirs to blame.
   */
  XFT_REASON_SERVER_SILENT = 124,
  /**
   * Another login took over this resource.
   */
  XFT_REASON_REPLACED = 125,
  /**
   * A reason that this version of the library has no number for.
   */
  XFT_REASON_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_reason xft_reason;
#else
typedef uint32_t xft_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What became of received bytes; the field `kind` of `xft_received`.
 */
enum xft_received_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * They were control data, or a part of something: nothing to do.
   */
  XFT_RECEIVED_CONSUMED = 0,
  /**
   * File bytes to store now: `bytes`/`len` belong at `offset` of the file of `transfer`.
   */
  XFT_RECEIVED_DATA = 1,
  /**
   * A peer offers a file: answer with `xft_accept` or `xft_decline`.
   */
  XFT_RECEIVED_OFFER = 2,
  /**
   * A whole stanza that is none of ours (host-owned streams only): the host handles it.
   */
  XFT_RECEIVED_NOT_MINE = 3,
  /**
   * A peer offered a file, and there was no room: every transfer slot is in use, or that peer has its share. It was told
   * to try again later.
   */
  XFT_RECEIVED_NO_ROOM = 4,
  /**
   * Something that this version of the C border cannot express: nothing to do.
   */
  XFT_RECEIVED_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_received_kind xft_received_kind;
#else
typedef uint32_t xft_received_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What `xft_poll` and `xft_supply` ask for; the field `kind` of `xft_output`.
 */
enum xft_output_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Nothing yet: the structure was not filled.
   */
  XFT_OUTPUT_NONE = 0,
  /**
   * Send `bytes`/`len` on `stream`, all of them, in order, before polling again.
   */
  XFT_OUTPUT_TRANSMIT = 1,
  /**
   * Read up to `len` bytes of the file of `transfer` at `offset` and hand them in with `xft_supply`. It is said again
   * until then, after everything more urgent; a program whose reads take long goes on with
   * what comes in, `xft_tick` and `xft_poll` meanwhile, a few times a second.
   */
  XFT_OUTPUT_NEED_DATA = 2,
  /**
   * Start TLS on stream 0 now, as a client, with everything before it transmitted; verify that the certificate is that
   * of the account's domain. Then call `xft_tls_done`, or `xft_stream_end` with `XFT_END_TLS_FAILED`. From here on the
   * bytes of stream 0 are what TLS carries.
   */
  XFT_OUTPUT_START_TLS = 3,
  /**
   * Close `stream`, or give up connecting it; everything before it was transmitted. Its number is void from here on. For
   * stream 0 `XFT_EVENT_OFFLINE` follows.
   */
  XFT_OUTPUT_CLOSE = 4,
  /**
   * Something happened: see `event`.
   */
  XFT_OUTPUT_EVENT = 5,
  /**
   * Nothing to do before input, a command, or `until_ms`.
   */
  XFT_OUTPUT_WAIT = 6,
  /**
   * Open a TCP stream to `host`/`port` for `transfer`; its number is `stream` from here on. The program resolves a
   * name, tries its addresses, and decides whether an address may be connected to at all: a peer names them. Answer
   * with `xft_stream_open` once it is up, or with `xft_stream_end` and what went wrong, and go on with the loop
   * meanwhile; the session waits for neither for ever.
   */
  XFT_OUTPUT_CONNECT = 7,
  /**
   * Shut down the writing side of `stream`, after everything that was transmitted on it. Reading goes on.
   */
  XFT_OUTPUT_HALF_CLOSE = 8,
  /**
   * The bytes of the file of `transfer` from `offset` up to `end` may go over `stream` now, as fast as it takes them.
   * Said once for these bytes. Two ways, which may be mixed: the program moves them itself, for example with
   * sendfile(2), and says `xft_sent` as they go; or it hands them in with `xft_supply` and transmits what that gives
   * back. Bytes that the program moved were not hashed here: unless the offer told the SHA-256, such a transfer ends
   * with `XFT_ENDING_DELIVERED` at best. Do not close the stream: after the last byte the session says how it ends.
   */
  XFT_OUTPUT_SEND_RAW = 9,
  /**
   * An output that this version of the C border cannot express. Poll again.
   */
  XFT_OUTPUT_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_output_kind xft_output_kind;
#else
typedef uint32_t xft_output_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What happened; the field `event` of `xft_output`.
 */
enum xft_event
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The output is no event.
   */
  XFT_EVENT_NONE = 0,
  /**
   * Logged in and present; offers may go out and come in. `xft_jid` is the full JID now.
   */
  XFT_EVENT_ONLINE = 1,
  /**
   * The session is over: see `reason` and `condition`, and `xft_detail`. After this every call returns
   * `XFT_ERR_CLOSED`, except `xft_jid`, `xft_detail`, `xft_last_refusal` and `xft_session_wipe`.
   */
  XFT_EVENT_OFFLINE = 2,
  /**
   * The peer accepted our offer `transfer` and wants the bytes from `offset` up to `end`.
   */
  XFT_EVENT_ACCEPTED = 3,
  /**
   * The bytestream of `transfer` is open, see `method`, `block_bytes` and `seq_wraps`; bytes flow from here on.
   */
  XFT_EVENT_STARTED = 4,
  /**
   * `transfer` is over, see `ending`, `reason` and `condition`. `method` carried it (`XFT_METHOD_NONE` when it never
   * came to that), `why_direct`, `why_mediated` and `why_in_band` tell why the others did not. Its handle is stale
   * from here on.
   */
  XFT_EVENT_FINISHED = 5,
  /**
   * A streamhost could not be used for `transfer`, see `host_failure`; `stream` is that of the `XFT_OUTPUT_CONNECT`
   * that named it. Others may follow.
   */
  XFT_EVENT_HOST_FAILED = 6,
  /**
   * SOCKS5 did not work for `transfer`, the file goes on in band; `why_direct` and `why_mediated` tell why. With
   * `again` it goes with a new offer, which the peer has to accept once more.
   */
  XFT_EVENT_FELL_BACK = 7,
  /**
   * Somebody connected who knew what only both ends of `transfer` know, and the peer says that it did not get through:
   * unless word of its own leaving is late, others read the stanzas. Tell the people who look after the server.
   */
  XFT_EVENT_INTRUDED = 8,
  /**
   * Receiver: every byte of `transfer` is stored, and no hash speaks against them; `ending` tells whether one was
   * compared. Now do everything that can fail: sync the file, give it its name, sync the directory. Then call
   * `xft_settled`, or `xft_cancel` with `XFT_CANCEL_STORE_FAILED`. The sender hears nothing final before that. Comes at
   * most once in a transfer, for an empty file too.
   */
  XFT_EVENT_SETTLE = 9,
  /**
   * The peer wants to open the bytestream of `transfer` with blocks of `len` bytes, and was told to ask for smaller ones:
   * `block_bytes` of `xft_config` allows no more. Some peers give up instead.
   */
  XFT_EVENT_BLOCK_REFUSED = 10,
  /**
   * An event that this version of the C border cannot express. Poll on.
   */
  XFT_EVENT_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_event xft_event;
#else
typedef uint32_t xft_event;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What the next deadline is for; the field `timer` of `xft_output`. For logs and tests.
 */
enum xft_timer
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * No timer runs.
   */
  XFT_TIMER_NONE = 0,
  /**
   * Key derivation goes on in the next poll.
   */
  XFT_TIMER_KEY_DERIVATION = 1,
  /**
   * A step of the login, or the login as a whole.
   */
  XFT_TIMER_LOGIN = 2,
  /**
   * The next white-space keepalive or probe.
   */
  XFT_TIMER_KEEPALIVE = 3,
  /**
   * The server's answer to a probe.
   */
  XFT_TIMER_PROBE = 4,
  /**
   * The end of a graceful close.
   */
  XFT_TIMER_CLOSE = 5,
  /**
   * An answer of a peer.
   */
  XFT_TIMER_REQUEST = 6,
  /**
   * The answer to an offer, the peer's or the owner's.
   */
  XFT_TIMER_OFFER = 7,
  /**
   * The opening of a bytestream.
   */
  XFT_TIMER_OPEN = 8,
  /**
   * The acknowledgement of a block.
   */
  XFT_TIMER_BLOCK = 9,
  /**
   * The next block of a peer that sends to us.
   */
  XFT_TIMER_PROGRESS = 10,
  /**
   * The end of a bytestream, or the peer's verdict.
   */
  XFT_TIMER_FINISH = 11,
  /**
   * The rate of message stanzas.
   */
  XFT_TIMER_RATE = 12,
  /**
   * Connecting to streamhosts, or the peer's doing so.
   */
  XFT_TIMER_STREAMHOSTS = 13,
  /**
   * The handshake of a SOCKS5 stream, or the time for which a refused one counts.
   */
  XFT_TIMER_HANDSHAKE = 14,
  /**
   * The server's answers about its proxies.
   */
  XFT_TIMER_DISCOVERY = 15,
  /**
   * The end of the first-level element under way.
   */
  XFT_TIMER_ELEMENT = 16,
  /**
   * A silent peer is asked whether it is still there.
   */
  XFT_TIMER_SILENCE = 17,
  /**
   * A timer that this version of the library has no number for.
   */
  XFT_TIMER_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_timer xft_timer;
#else
typedef uint32_t xft_timer;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a transfer ended; the field `ending` of `xft_output`.
 */
enum xft_ending
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The output is no end of a transfer.
   */
  XFT_ENDING_NONE = 0,
  /**
   * The receiver stored every byte, the hash matched, and the file has its place.
   */
  XFT_ENDING_DONE = 1,
  /**
   * Sender only: every byte was handed over, and that is all that can be known: the peer never confirms files, or nobody
   * hashed.
   */
  XFT_ENDING_DELIVERED = 2,
  /**
   * Receiver only: the file has its place, but the peer gave no hash to check against.
   */
  XFT_ENDING_UNVERIFIED = 3,
  /**
   * It failed, `reason` says why; stored bytes are a prefix of the file at best. A receiver that said `xft_settled`
   * takes the file's name back.
   */
  XFT_ENDING_FAILED = 4,
  /**
   * Sender only: every byte was handed over to a peer that was to confirm the file, and its word did not come: it, the
   * stream or this program went first. The file may have its place there or be lost: ask there, or send it again.
   */
  XFT_ENDING_UNCONFIRMED = 5,
  /**
   * An ending that this version of the C border cannot express. Treat it as a failure.
   */
  XFT_ENDING_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_ending xft_ending;
#else
typedef uint32_t xft_ending;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The condition that an error carried on the wire. Together with the reason it tells an administrator what the
 * other side said; `xft_condition_name` gives the word as it stood in the XML.
 */
enum xft_condition
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The wire carried none.
   */
  XFT_CONDITION_NONE = 0,
  /**
   * A stanza error (RFC 6120 8.3.3): `bad-request`.
   */
  XFT_CONDITION_STANZA_BAD_REQUEST = 100,
  /**
   * A stanza error (RFC 6120 8.3.3): `conflict`.
   */
  XFT_CONDITION_STANZA_CONFLICT = 101,
  /**
   * A stanza error (RFC 6120 8.3.3): `feature-not-implemented`.
   */
  XFT_CONDITION_STANZA_FEATURE_NOT_IMPLEMENTED = 102,
  /**
   * A stanza error (RFC 6120 8.3.3): `forbidden`.
   */
  XFT_CONDITION_STANZA_FORBIDDEN = 103,
  /**
   * A stanza error (RFC 6120 8.3.3): `gone`.
   */
  XFT_CONDITION_STANZA_GONE = 104,
  /**
   * A stanza error (RFC 6120 8.3.3): `internal-server-error`.
   */
  XFT_CONDITION_STANZA_INTERNAL_SERVER_ERROR = 105,
  /**
   * A stanza error (RFC 6120 8.3.3): `item-not-found`.
   */
  XFT_CONDITION_STANZA_ITEM_NOT_FOUND = 106,
  /**
   * A stanza error (RFC 6120 8.3.3): `jid-malformed`.
   */
  XFT_CONDITION_STANZA_JID_MALFORMED = 107,
  /**
   * A stanza error (RFC 6120 8.3.3): `not-acceptable`.
   */
  XFT_CONDITION_STANZA_NOT_ACCEPTABLE = 108,
  /**
   * A stanza error (RFC 6120 8.3.3): `not-allowed`.
   */
  XFT_CONDITION_STANZA_NOT_ALLOWED = 109,
  /**
   * A stanza error (RFC 6120 8.3.3): `not-authorized`.
   */
  XFT_CONDITION_STANZA_NOT_AUTHORIZED = 110,
  /**
   * A stanza error (RFC 6120 8.3.3): `policy-violation`.
   */
  XFT_CONDITION_STANZA_POLICY_VIOLATION = 111,
  /**
   * A stanza error (RFC 6120 8.3.3): `recipient-unavailable`.
   */
  XFT_CONDITION_STANZA_RECIPIENT_UNAVAILABLE = 112,
  /**
   * A stanza error (RFC 6120 8.3.3): `redirect`.
   */
  XFT_CONDITION_STANZA_REDIRECT = 113,
  /**
   * A stanza error (RFC 6120 8.3.3): `registration-required`.
   */
  XFT_CONDITION_STANZA_REGISTRATION_REQUIRED = 114,
  /**
   * A stanza error (RFC 6120 8.3.3): `remote-server-not-found`.
   */
  XFT_CONDITION_STANZA_REMOTE_SERVER_NOT_FOUND = 115,
  /**
   * A stanza error (RFC 6120 8.3.3): `remote-server-timeout`.
   */
  XFT_CONDITION_STANZA_REMOTE_SERVER_TIMEOUT = 116,
  /**
   * A stanza error (RFC 6120 8.3.3): `resource-constraint`.
   */
  XFT_CONDITION_STANZA_RESOURCE_CONSTRAINT = 117,
  /**
   * A stanza error (RFC 6120 8.3.3): `service-unavailable`.
   */
  XFT_CONDITION_STANZA_SERVICE_UNAVAILABLE = 118,
  /**
   * A stanza error (RFC 6120 8.3.3): `subscription-required`.
   */
  XFT_CONDITION_STANZA_SUBSCRIPTION_REQUIRED = 119,
  /**
   * A stanza error (RFC 6120 8.3.3): `undefined-condition`.
   */
  XFT_CONDITION_STANZA_UNDEFINED_CONDITION = 120,
  /**
   * A stanza error (RFC 6120 8.3.3): `unexpected-request`.
   */
  XFT_CONDITION_STANZA_UNEXPECTED_REQUEST = 121,
  /**
   * A stream error (RFC 6120 4.9.3): `bad-format`.
   */
  XFT_CONDITION_STREAM_BAD_FORMAT = 200,
  /**
   * A stream error (RFC 6120 4.9.3): `bad-namespace-prefix`.
   */
  XFT_CONDITION_STREAM_BAD_NAMESPACE_PREFIX = 201,
  /**
   * A stream error (RFC 6120 4.9.3): `conflict`.
   */
  XFT_CONDITION_STREAM_CONFLICT = 202,
  /**
   * A stream error (RFC 6120 4.9.3): `connection-timeout`.
   */
  XFT_CONDITION_STREAM_CONNECTION_TIMEOUT = 203,
  /**
   * A stream error (RFC 6120 4.9.3): `host-gone`.
   */
  XFT_CONDITION_STREAM_HOST_GONE = 204,
  /**
   * A stream error (RFC 6120 4.9.3): `host-unknown`.
   */
  XFT_CONDITION_STREAM_HOST_UNKNOWN = 205,
  /**
   * A stream error (RFC 6120 4.9.3): `improper-addressing`.
   */
  XFT_CONDITION_STREAM_IMPROPER_ADDRESSING = 206,
  /**
   * A stream error (RFC 6120 4.9.3): `internal-server-error`.
   */
  XFT_CONDITION_STREAM_INTERNAL_SERVER_ERROR = 207,
  /**
   * A stream error (RFC 6120 4.9.3): `invalid-from`.
   */
  XFT_CONDITION_STREAM_INVALID_FROM = 208,
  /**
   * A stream error (RFC 6120 4.9.3): `invalid-namespace`.
   */
  XFT_CONDITION_STREAM_INVALID_NAMESPACE = 209,
  /**
   * A stream error (RFC 6120 4.9.3): `invalid-xml`.
   */
  XFT_CONDITION_STREAM_INVALID_XML = 210,
  /**
   * A stream error (RFC 6120 4.9.3): `not-authorized`.
   */
  XFT_CONDITION_STREAM_NOT_AUTHORIZED = 211,
  /**
   * A stream error (RFC 6120 4.9.3): `not-well-formed`.
   */
  XFT_CONDITION_STREAM_NOT_WELL_FORMED = 212,
  /**
   * A stream error (RFC 6120 4.9.3): `policy-violation`.
   */
  XFT_CONDITION_STREAM_POLICY_VIOLATION = 213,
  /**
   * A stream error (RFC 6120 4.9.3): `remote-connection-failed`.
   */
  XFT_CONDITION_STREAM_REMOTE_CONNECTION_FAILED = 214,
  /**
   * A stream error (RFC 6120 4.9.3): `reset`.
   */
  XFT_CONDITION_STREAM_RESET = 215,
  /**
   * A stream error (RFC 6120 4.9.3): `resource-constraint`.
   */
  XFT_CONDITION_STREAM_RESOURCE_CONSTRAINT = 216,
  /**
   * A stream error (RFC 6120 4.9.3): `restricted-xml`.
   */
  XFT_CONDITION_STREAM_RESTRICTED_XML = 217,
  /**
   * A stream error (RFC 6120 4.9.3): `see-other-host`.
   */
  XFT_CONDITION_STREAM_SEE_OTHER_HOST = 218,
  /**
   * A stream error (RFC 6120 4.9.3): `system-shutdown`.
   */
  XFT_CONDITION_STREAM_SYSTEM_SHUTDOWN = 219,
  /**
   * A stream error (RFC 6120 4.9.3): `undefined-condition`.
   */
  XFT_CONDITION_STREAM_UNDEFINED_CONDITION = 220,
  /**
   * A stream error (RFC 6120 4.9.3): `unsupported-encoding`.
   */
  XFT_CONDITION_STREAM_UNSUPPORTED_ENCODING = 221,
  /**
   * A stream error (RFC 6120 4.9.3): `unsupported-feature`.
   */
  XFT_CONDITION_STREAM_UNSUPPORTED_FEATURE = 222,
  /**
   * A stream error (RFC 6120 4.9.3): `unsupported-stanza-type`.
   */
  XFT_CONDITION_STREAM_UNSUPPORTED_STANZA_TYPE = 223,
  /**
   * A stream error (RFC 6120 4.9.3): `unsupported-version`.
   */
  XFT_CONDITION_STREAM_UNSUPPORTED_VERSION = 224,
  /**
   * A SASL failure (RFC 6120 6.5): `aborted`.
   */
  XFT_CONDITION_SASL_ABORTED = 300,
  /**
   * A SASL failure (RFC 6120 6.5): `account-disabled`.
   */
  XFT_CONDITION_SASL_ACCOUNT_DISABLED = 301,
  /**
   * A SASL failure (RFC 6120 6.5): `credentials-expired`.
   */
  XFT_CONDITION_SASL_CREDENTIALS_EXPIRED = 302,
  /**
   * A SASL failure (RFC 6120 6.5): `encryption-required`.
   */
  XFT_CONDITION_SASL_ENCRYPTION_REQUIRED = 303,
  /**
   * A SASL failure (RFC 6120 6.5): `incorrect-encoding`.
   */
  XFT_CONDITION_SASL_INCORRECT_ENCODING = 304,
  /**
   * A SASL failure (RFC 6120 6.5): `invalid-authzid`.
   */
  XFT_CONDITION_SASL_INVALID_AUTHZID = 305,
  /**
   * A SASL failure (RFC 6120 6.5): `invalid-mechanism`.
   */
  XFT_CONDITION_SASL_INVALID_MECHANISM = 306,
  /**
   * A SASL failure (RFC 6120 6.5): `malformed-request`.
   */
  XFT_CONDITION_SASL_MALFORMED_REQUEST = 307,
  /**
   * A SASL failure (RFC 6120 6.5): `mechanism-too-weak`.
   */
  XFT_CONDITION_SASL_MECHANISM_TOO_WEAK = 308,
  /**
   * A SASL failure (RFC 6120 6.5): `not-authorized`.
   */
  XFT_CONDITION_SASL_NOT_AUTHORIZED = 309,
  /**
   * A SASL failure (RFC 6120 6.5): `temporary-auth-failure`.
   */
  XFT_CONDITION_SASL_TEMPORARY_AUTH_FAILURE = 310,
  /**
   * A condition that this version of the library has no number for.
   */
  XFT_CONDITION_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_condition xft_condition;
#else
typedef uint32_t xft_condition;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A way for a file's bytes: in `methods` of `xft_config` and `xft_file`, and the field `method` of `xft_output`.
 */
enum xft_method
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * None, or the end of a list.
   */
  XFT_METHOD_NONE = 0,
  /**
   * A SOCKS5 bytestream through a proxy (XEP-0065).
   */
  XFT_METHOD_MEDIATED = 1,
  /**
   * A SOCKS5 bytestream from the receiver to the sender (XEP-0065).
   */
  XFT_METHOD_DIRECT = 2,
  /**
   * An in-band bytestream, inside the XMPP stream (XEP-0047).
   */
  XFT_METHOD_IN_BAND = 3,
  /**
   * A method that this version of the library has no number for.
   */
  XFT_METHOD_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_method xft_method;
#else
typedef uint32_t xft_method;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a method did not carry a file; the fields `why_direct`, `why_mediated` and `why_in_band` of `xft_output`.
 * `xft_skip_text` says in English what to do next.
 */
enum xft_skip
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * It was not needed: it carried the file, or another one did before.
   */
  XFT_SKIP_UNNEEDED = 0,
  /**
   * The configuration or the offer excludes it.
   */
  XFT_SKIP_POLICY = 1,
  /**
   * The peer does not offer it, or chose another.
   */
  XFT_SKIP_NOT_CHOSEN = 2,
  /**
   * The program gave no address to listen at.
   */
  XFT_SKIP_NO_ADDRESS = 3,
  /**
   * The server offers no proxy, and none is configured.
   */
  XFT_SKIP_NO_PROXY = 4,
  /**
   * The server has proxies, but none told where it listens.
   */
  XFT_SKIP_PROXY_REFUSED = 5,
  /**
   * The server did not tell its proxies in time.
   */
  XFT_SKIP_PROXY_SILENT = 6,
  /**
   * This end could not connect to any streamhost of this kind; `XFT_EVENT_HOST_FAILED` told more.
   */
  XFT_SKIP_NOT_REACHED = 7,
  /**
   * The peer could not connect to any streamhost this end offered.
   */
  XFT_SKIP_PEER_FAILED = 8,
  /**
   * The peer did not answer in time.
   */
  XFT_SKIP_PEER_SILENT = 9,
  /**
   * The proxy did not activate the stream.
   */
  XFT_SKIP_ACTIVATION_FAILED = 10,
  /**
   * The peer refused.
   */
  XFT_SKIP_REFUSED = 11,
  /**
   * It carried bytes and broke, or the peer broke the rules.
   */
  XFT_SKIP_BROKEN = 12,
  /**
   * The server has proxies, but where they say they listen nobody can connect to.
   */
  XFT_SKIP_PROXY_UNUSABLE = 13,
  /**
   * A cause that this version of the library has no number for.
   */
  XFT_SKIP_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_skip xft_skip;
#else
typedef uint32_t xft_skip;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a streamhost could not be used; the field `host_failure` of `xft_output`. `xft_host_failure_text` says in
 * English what to do next.
 */
enum xft_host_failure
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The output is no failure of a streamhost.
   */
  XFT_HOST_NONE = 0,
  /**
   * Its name has no address.
   */
  XFT_HOST_UNRESOLVED = 1,
  /**
   * Nobody listens there.
   */
  XFT_HOST_REFUSED = 2,
  /**
   * No route, or the network failed.
   */
  XFT_HOST_UNREACHABLE = 3,
  /**
   * It did not answer in time.
   */
  XFT_HOST_TIMED_OUT = 4,
  /**
   * The program does not allow that address.
   */
  XFT_HOST_FORBIDDEN = 5,
  /**
   * It closed the stream in the handshake.
   */
  XFT_HOST_ENDED = 6,
  /**
   * It does not speak SOCKS5, or not as it must.
   */
  XFT_HOST_NOT_SOCKS5 = 7,
  /**
   * It wants user name and password.
   */
  XFT_HOST_PASSWORD_WANTED = 8,
  /**
   * It refused with the code in `host_reply`; 2 is what a streamhost says when it does not know the transfer.
   */
  XFT_HOST_REJECTED = 9,
  /**
   * A failure that this version of the library has no number for.
   */
  XFT_HOST_OTHER = 999,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum xft_host_failure xft_host_failure;
#else
typedef uint32_t xft_host_failure;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A session in the caller's memory. Its insides are nobody's business; programs hold a pointer to it.
 */
typedef struct xft_session xft_session;

/**
 * Everything a session is told at its start. Fill it with `xft_config_init`, then set `account`, `password`,
 * `entropy` and what differs from the defaults. Texts are UTF-8, without a terminating NUL, with their length in
 * bytes, and need to live only until `xft_session_init` returns. Times are milliseconds; one that is 0 is refused with
 * `XFT_ERR_TIMES` unless its description gives 0 a meaning.
 *
 * Addresses and passwords beyond ASCII are taken as they stand: a program that lets people type them prepares them
 * first (RFC 6120: Nodeprep, Nameprep, Resourceprep and SASLprep, for example with libidn; `examples-c/prepare.c` does
 * it). ASCII needs nothing: capitals in the account and the domain are folded here.
 */
typedef struct xft_config {
  /**
   * `sizeof(xft_config)`, set by `xft_config_init`.
   */
  uint32_t size;
  /**
   * Transfers at once, both directions together, 1..65535; default 2.
   */
  uint32_t transfers;
  /**
   * Bare JID of the account, `user@domain`, at most 256 bytes; with `XFT_OWNER_HOST` it may be empty. The domain as it
   * stands in the stream, an internationalised one in letters (U-label); DNS and TLS want its A-label.
   */
  const char *account;
  /**
   * Bytes of `account`.
   */
  size_t account_len;
  /**
   * Password, at most 256 bytes, no control characters: printable ASCII, or normalised with SASLprep (RFC 8265 is
   * as good where both agree). It may be empty with `XFT_FLAG_SASL_EXTERNAL` and `XFT_OWNER_HOST` only.
   */
  const char *password;
  /**
   * Bytes of `password`.
   */
  size_t password_len;
  /**
   * Wanted resource, at most 256 bytes, no control characters; empty (the default) lets the server make one.
   */
  const char *resource;
  /**
   * Bytes of `resource`.
   */
  size_t resource_len;
  /**
   * With `XFT_OWNER_HOST`: the full JID the program's stream is bound to. Else empty.
   */
  const char *host_jid;
  /**
   * Bytes of `host_jid`.
   */
  size_t host_jid_len;
  /**
   * Name of the client in service discovery, at most 32 bytes, no control characters; default "libxft".
   */
  const char *client_name;
  /**
   * Bytes of `client_name`.
   */
  size_t client_name_len;
  /**
   * 32 fresh bytes of a cryptographic random source: nonces and ids come from them. Never the same twice. All 0, as
   * `xft_config_init` leaves them, are refused with `XFT_ERR_ENTROPY`.
   */
  uint8_t entropy[32];
  /**
   * Who owns the XMPP stream: `XFT_OWNER_SESSION` (default) or `XFT_OWNER_HOST`.
   */
  uint32_t owner;
  /**
   * How the XMPP stream is secured: `XFT_TLS_START` (default), `XFT_TLS_DIRECT` or `XFT_TLS_UNSAFE_PLAIN`.
   */
  uint32_t tls;
  /**
   * Any of `XFT_FLAG_...`; default 0.
   */
  uint32_t flags;
  /**
   * Weakest SCRAM to accept, `XFT_SCRAM_...`; default `XFT_SCRAM_SHA1`. A program that knows its server to bind demands
   * it here: without that a login goes on where the server offers no binding.
   */
  uint32_t scram_floor;
  /**
   * Largest SCRAM iteration count to accept, 4096 or more; default 1000000.
   */
  uint32_t scram_rounds_max;
  /**
   * SCRAM iterations computed in one `xft_poll`, 1 or more; default 1024. Smaller keeps a board's loop responsive.
   */
  uint32_t scram_rounds_per_poll;
  /**
   * Largest block to offer and to accept, bytes before base64, 1..65535; default 8192.
   */
  uint32_t block_bytes;
  /**
   * Bytes of one block sent, 1..65535; default 4096; `block_bytes` if that is smaller. More are sent where the
   * sequence number would come round otherwise, because some peers fail there.
   */
  uint32_t chunk_bytes;
  /**
   * Most bytes in flight per transfer, at least `block_bytes`; default 262144.
   */
  uint32_t window_bytes;
  /**
   * Largest stanza the server takes, bytes, when it does not say so itself; at least 10000, default 262144.
   */
  uint32_t stanza_bytes;
  /**
   * Largest first-level element to read, bytes; at least 10000, default 262144. It takes no memory. Larger stanzas of up
   * to 1 MiB are skipped, and a request among them is answered with `not-acceptable`.
   */
  uint32_t element_bytes;
  /**
   * Which stanza carries the blocks we send: `XFT_CARRIER_IQ` (default) or `XFT_CARRIER_MESSAGE`.
   */
  uint32_t carrier;
  /**
   * Bytes per second for message stanzas, which have no window, 1 or more; default 1000000.
   */
  uint32_t message_rate;
  /**
   * Most transfers from one peer (bare JID) at once, offered and accepted together, 1..255; default 4. The last free
   * slot is for another peer than the one that holds the rest, whatever this says.
   */
  uint32_t offers_per_peer;
  /**
   * Peers at once, those of transfers and those asked what they can, up to 65535; default 0: one more than
   * `transfers`. A program with many transfers to one archive needs few.
   */
  uint32_t contacts;
  /**
   * Presence priority, -128..127; default -1: messages to the bare address do not come to a negative one. A program that
   * wants them sets 0 or more.
   */
  int32_t priority;
  /**
   * One step of the login; default 15000.
   */
  uint32_t step_ms;
  /**
   * The whole login; default 60000.
   */
  uint32_t login_ms;
  /**
   * Silence before a white-space keepalive; default 240000; 0: only as often as the server asks for.
   */
  uint32_t keepalive_ms;
  /**
   * Silence of the server before a probe; default 120000. 0: only where something of a peer's is overdue and the server was
   * silent too: no peer is blamed for a silence that may be the server's.
   */
  uint32_t idle_ms;
  /**
   * The answer to a probe; default 30000.
   */
  uint32_t probe_ms;
  /**
   * The graceful close of the stream; default 5000.
   */
  uint32_t close_ms;
  /**
   * An answer to a request; default 30000.
   */
  uint32_t request_ms;
  /**
   * The answer to an offer; default 300000.
   */
  uint32_t offer_ms;
  /**
   * The opening of the bytestream after the answer; default 60000.
   */
  uint32_t open_ms;
  /**
   * The acknowledgement of a block; default 120000.
   */
  uint32_t block_ms;
  /**
   * The next block from a sender; default 300000.
   */
  uint32_t progress_ms;
  /**
   * The answer to the closing of a bytestream, and the verdict; default 60000.
   */
  uint32_t finish_ms;
  /**
   * Which methods may carry a file, `XFT_METHOD_...`, the preferred one first, 0 behind the last; default mediated,
   * direct, in band; all 0 is the default. Mediated and direct are one attempt, their order is that in which
   * addresses are offered. `{XFT_METHOD_IN_BAND}` alone needs no other stream than the XMPP stream, and less memory.
   */
  uint32_t methods[3];
  /**
   * SOCKS5 streams at once: those being connected, accepted and in use, 1..255; default 8. A transfer takes one, and
   * two or three while it looks for its way. Without a method over SOCKS5 it counts as 0.
   */
  uint32_t streams;
  /**
   * Bytes for addresses: own ones, those of proxies, and those that peers offer, 256..65535; default 2048. Without a
   * method over SOCKS5 it counts as 0.
   */
  uint32_t hosts_bytes;
  /**
   * Most accepted streams from one source that have not shown whom they belong to, or showed a wrong one, 1..255;
   * default 2.
   */
  uint32_t accepted_per_source;
  /**
   * What the server tells of its proxies, all questions together; default 10000.
   */
  uint32_t discovery_ms;
  /**
   * Between the attempt with one streamhost and that with the next, while the first goes on; default 200; 0: all at
   * once.
   */
  uint32_t stagger_ms;
  /**
   * One streamhost of the peer's own, connecting and handshake; default 4000.
   */
  uint32_t host_ms;
  /**
   * One proxy, connecting and handshake; default 6000.
   */
  uint32_t proxy_ms;
  /**
   * All streamhosts of a transfer; default 8000.
   */
  uint32_t hosts_ms;
  /**
   * From an accepted stream to its showing whom it belongs to; default 5000.
   */
  uint32_t accept_ms;
  /**
   * The end of a SOCKS5 stream after its last byte, and of any stream whose file is empty; default 5000.
   */
  uint32_t end_ms;
  /**
   * The answer to the closing of an in-band bytestream where every block was acknowledged and no receipt can come; then
   * the file counts as handed over; default 5000.
   */
  uint32_t closing_ms;
  /**
   * Bytes per second that a sender has to bring, averaged over `rate_ms`, once its bytes flow; default 200; 0 asks
   * nothing. A slower one ends with `XFT_REASON_STALLED`. Time in which the program did not store what came does not
   * count. The transfers that come in band share one path, so they have to bring it together: on a path that is known
   * to be slower, give its rate.
   */
  uint32_t least_rate;
  /**
   * The span over which `least_rate` is averaged; default 120000.
   */
  uint32_t rate_ms;
  /**
   * What a peer says that it can; then it is offered the file all the same; default 5000.
   */
  uint32_t disco_ms;
  /**
   * Sender: from telling addresses and proxies to the first byte, where in band may follow; default 20000.
   */
  uint32_t attempt_ms;
  /**
   * The end of a first-level element, counted from its first byte; default 60000. Behind it the session ends.
   */
  uint32_t element_ms;
  /**
   * When no streamhost was reached: the answer goes out at a multiple of this after the question, so that its time does
   * not tell which of them was closed, silent or not allowed; default 2000. 0: at once.
   */
  uint32_t verdict_ms;
  /**
   * Silence of a peer in band whose word is awaited, before it is asked whether it is still there; on a slow path twice
   * the longest silence so far; default 5000. It is asked again after twice as long. Only who told before what it can is
   * asked, and only a server's word that it is gone ends the file (`XFT_REASON_PEER_GONE`); silence ends it at `block_ms`,
   * `progress_ms`, `open_ms` or `finish_ms`. 0: never.
   */
  uint32_t ask_ms;
  /**
   * 0.
   */
  uint32_t reserved[3];
} xft_config;

/**
 * A file to send, for `xft_offer`. Fill it with `xft_file_init`, then set `to`, `name`, `file_size` and what else is
 * known. Texts are UTF-8 with their length in bytes, and need to live only until `xft_offer` returns.
 */
typedef struct xft_file {
  /**
   * `sizeof(xft_file)`, set by `xft_file_init`.
   */
  uint32_t size;
  /**
   * Which of `date`, `sha256` and `md5` are given, `XFT_HAS_...`.
   */
  uint32_t has;
  /**
   * Full JID of the receiver, `user@domain/resource`, at most 256 bytes. Capitals of ASCII in user and domain are folded,
   * what is not ASCII is taken as it stands: see `xft_config`.
   */
  const char *to;
  /**
   * Bytes of `to`.
   */
  size_t to_len;
  /**
   * File name, without directories.
   */
  const char *name;
  /**
   * Bytes of `name`.
   */
  size_t name_len;
  /**
   * MIME type, at most 64 bytes; length 0 if unknown.
   */
  const char *mime_type;
  /**
   * Bytes of `mime_type`.
   */
  size_t mime_type_len;
  /**
   * Size of the file, bytes, below 2^63; 0 is a file too.
   */
  uint64_t file_size;
  /**
   * With `XFT_HAS_DATE`: last modification, seconds since 1970.
   */
  int64_t date;
  /**
   * With `XFT_HAS_SHA256`: SHA-256 of the whole file. If not known, both ends compute it while the bytes pass.
   */
  uint8_t sha256[32];
  /**
   * With `XFT_HAS_MD5`: MD5 of the whole file, for peers that check only this.
   */
  uint8_t md5[16];
  /**
   * Methods for this file, `XFT_METHOD_...`, the preferred one first, 0 behind the last; all 0 (the default): those of
   * `xft_config`.
   */
  uint32_t methods[3];
  /**
   * 0.
   */
  uint32_t reserved[9];
} xft_file;

/**
 * What the last refused call on a session would have wanted, filled by `xft_last_refusal`.
 */
typedef struct xft_refusal {
  /**
   * The status that the call returned; `XFT_OK` if none was refused yet.
   */
  xft_status status;
  /**
   * With `XFT_ERR_CLOSED`: why the session is over.
   */
  xft_reason reason;
  /**
   * With `XFT_ERR_NO_SPACE`: bytes that the output buffer must have. Else 0.
   */
  uint64_t needed;
} xft_refusal;

/**
 * What became of received bytes, filled by `xft_stream_in` and `xft_stanza_in`. Look at `kind` first; fields that
 * the kind does not mention are 0. The pointers are lent: into the input buffer or the session, until the next call
 * on this session or until the input buffer is reused. Texts are UTF-8 and, but for `name`, not NUL-terminated.
 */
typedef struct xft_received {
  /**
   * `XFT_RECEIVED_...`
   */
  xft_received_kind kind;
  /**
   * DATA, OFFER: handle of the transfer.
   */
  uint32_t transfer;
  /**
   * DATA: position of `bytes` in the file.
   */
  uint64_t offset;
  /**
   * DATA: the file's bytes; store them, then call `xft_stored`.
   */
  const uint8_t *bytes;
  /**
   * DATA: how many, at least 1.
   */
  size_t len;
  /**
   * OFFER, NO_ROOM: full JID of the peer, stamped by the server.
   */
  const char *from;
  /**
   * Bytes of `from`.
   */
  size_t from_len;
  /**
   * OFFER: file name as received. Never use it as a path.
   */
  const char *raw_name;
  /**
   * Bytes of `raw_name`.
   */
  size_t raw_name_len;
  /**
   * OFFER: MIME type, at most 255 bytes; NULL if not given.
   */
  const char *mime_type;
  /**
   * Bytes of `mime_type`.
   */
  size_t mime_type_len;
  /**
   * OFFER: description for people, at most 1024 bytes; NULL if not given.
   */
  const char *description;
  /**
   * Bytes of `description`.
   */
  size_t description_len;
  /**
   * OFFER, NO_ROOM: size of the file, bytes.
   */
  uint64_t file_size;
  /**
   * OFFER with `XFT_HAS_DATE`: last modification, seconds since 1970.
   */
  int64_t date;
  /**
   * OFFER: which of `date`, `sha256`, `md5` are given, and whether ranges are possible, `XFT_HAS_...`.
   */
  uint32_t has;
  /**
   * OFFER, NO_ROOM: bytes of `name`, without the NUL.
   */
  uint32_t name_len;
  /**
   * OFFER, NO_ROOM: file name made harmless: one component without separators, controls and what nobody sees, never empty, no dot
   * at its front, no device; letters, marks, digits and punctuation of every script stay. At most 120 bytes,
   * NUL-terminated. A copy: it is not lent. Two names may be one to a file system that ignores case: never overwrite.
   */
  uint8_t name[XFT_NAME_BYTES];
  /**
   * OFFER with `XFT_HAS_SHA256`: SHA-256 of the whole file.
   */
  uint8_t sha256[32];
  /**
   * OFFER with `XFT_HAS_MD5`: MD5 of the whole file; it shows damage, never forgery.
   */
  uint8_t md5[16];
  /**
   * 0.
   */
  uint64_t reserved[4];
} xft_received;

/**
 * The next thing to do, filled by `xft_poll` and `xft_supply`. Look at `kind` first; fields that the kind does not
 * mention are 0. `bytes` and `host` point into a buffer that was given to the call and live as long as that.
 */
typedef struct xft_output {
  /**
   * `XFT_OUTPUT_...`
   */
  xft_output_kind kind;
  /**
   * EVENT: `XFT_EVENT_...`
   */
  xft_event event;
  /**
   * NEED_DATA, CONNECT, SEND_RAW and the events of a transfer: its handle.
   */
  uint32_t transfer;
  /**
   * TRANSMIT, CLOSE, CONNECT, HALF_CLOSE, SEND_RAW, HOST_FAILED: the stream; 0 is the XMPP stream.
   */
  uint32_t stream;
  /**
   * TRANSMIT: what to send, inside the buffer given to the call; for a SOCKS5 stream it may be that of the file's
   * bytes.
   */
  const uint8_t *bytes;
  /**
   * TRANSMIT: bytes to send. NEED_DATA: bytes wanted; exactly these unless the read comes up short (then at
   * least 1). BLOCK_REFUSED: block size asked for, bytes before base64.
   */
  size_t len;
  /**
   * NEED_DATA: position in the file. ACCEPTED: first byte wanted. SEND_RAW: first byte that may go.
   */
  uint64_t offset;
  /**
   * ACCEPTED: one past the last byte wanted; with less than the size of the file the peer asks for a piece only, and the
   * ending speaks of that: cancel if a piece is no use. SEND_RAW: one past the last byte that may go.
   */
  uint64_t end;
  /**
   * WAIT: call `xft_tick` and poll again at this time, milliseconds on the clock of `xft_tick`; `UINT64_MAX` without a
   * timer. It may have come already: then hand in what there is to read, without sleeping, and tick and poll.
   */
  uint64_t until_ms;
  /**
   * WAIT: what the deadline is for, `XFT_TIMER_...`; for logs.
   */
  xft_timer timer;
  /**
   * STARTED: agreed largest block, bytes before base64; 0 unless `method` is `XFT_METHOD_IN_BAND`. BLOCK_REFUSED: the
   * most that is taken.
   */
  uint32_t block_bytes;
  /**
   * STARTED: 1 if the file has more than 65536 blocks of this size (some peers fail there), else 0.
   */
  uint32_t seq_wraps;
  /**
   * FINISHED: `XFT_ENDING_...`. SETTLE: `XFT_ENDING_DONE` if the hash was compared and is equal, else
   * `XFT_ENDING_UNVERIFIED`.
   */
  xft_ending ending;
  /**
   * FINISHED with `XFT_ENDING_FAILED`, and OFFLINE: why.
   */
  xft_reason reason;
  /**
   * FINISHED with `XFT_ENDING_FAILED`, and OFFLINE: what the other side's error said.
   */
  xft_condition condition;
  /**
   * CONNECT: IPv4 or IPv6 address without brackets, or a name; UTF-8, not NUL-terminated, at most 255 bytes.
   */
  const char *host;
  /**
   * Bytes of `host`.
   */
  size_t host_len;
  /**
   * CONNECT: TCP port.
   */
  uint32_t port;
  /**
   * STARTED, FELL_BACK, FINISHED: the method, `XFT_METHOD_...`
   */
  xft_method method;
  /**
   * FELL_BACK, FINISHED: why the file did not go direct, `XFT_SKIP_...`
   */
  xft_skip why_direct;
  /**
   * FELL_BACK, FINISHED: why it did not go through a proxy.
   */
  xft_skip why_mediated;
  /**
   * FELL_BACK, FINISHED: why it did not go in band.
   */
  xft_skip why_in_band;
  /**
   * FELL_BACK: 1 if the file goes with a new offer, which the peer has to accept again, else 0.
   */
  uint32_t again;
  /**
   * HOST_FAILED: why the streamhost could not be used, `XFT_HOST_...`
   */
  xft_host_failure host_failure;
  /**
   * HOST_FAILED with `XFT_HOST_REJECTED`: the reply code (RFC 1928 section 6).
   */
  uint32_t host_reply;
  /**
   * 0.
   */
  uint64_t reserved[4];
} xft_output;

/**
 * One SRV record, as the DNS gave it; an array of them is what `xft_locate_next` chooses from.
 */
typedef struct xft_record {
  /**
   * `sizeof(xft_record)`.
   */
  uint32_t size;
  /**
   * Of which name it is, `XFT_SERVICE_...`.
   */
  uint32_t service;
  /**
   * Priority, 0..65535; lower ones come first.
   */
  uint32_t priority;
  /**
   * Weight, 0..65535: the share among records of the same priority.
   */
  uint32_t weight;
  /**
   * TCP port, 0..65535.
   */
  uint32_t port;
  /**
   * 0.
   */
  uint32_t reserved;
  /**
   * Name of the host, ASCII; a single `.` says that the service is not offered here.
   */
  const char *target;
  /**
   * Bytes of `target`, without a terminating NUL.
   */
  size_t target_len;
} xft_record;

/**
 * Where to connect to. `host` points into `domain` or a `target` that were given to the call.
 */
typedef struct xft_place {
  /**
   * How the stream begins, `XFT_SERVICE_...`; 0: no place is left.
   */
  uint32_t service;
  /**
   * TCP port.
   */
  uint32_t port;
  /**
   * Name of the host without a final dot, not NUL-terminated.
   */
  const char *host;
  /**
   * Bytes of `host`.
   */
  size_t host_len;
  /**
   * 0.
   */
  uint64_t reserved[2];
} xft_place;

/**
 * How far a transfer is, filled by `xft_progress`. All four are positions in the file, bytes.
 */
typedef struct xft_marks {
  /**
   * First byte of the range that is transferred.
   */
  uint64_t start;
  /**
   * One past the last byte of the range.
   */
  uint64_t end;
  /**
   * Sender: bytes before this are handed to the stream. Receiver: bytes before this came.
   */
  uint64_t moved;
  /**
   * Sender: bytes before this are acknowledged. Receiver: bytes before this are stored.
   */
  uint64_t safe;
} xft_marks;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the interface that the linked library has. Compare it with `XFT_ABI_VERSION` at start: the upper
 * 16 bits must be equal, else the header and the archive do not belong together. Callable at any time.
 */
uint32_t xft_abi_version(void);

/**
 * The meaning of a status in English, with what to do next; for logs and people.
 *
 * Returns a NUL-terminated constant of the library that needs no freeing, also for numbers that are no status.
 * Callable at any time.
 */
const char *xft_status_text(uint32_t status);

/**
 * The meaning of a reason in English, with what to do next; for logs and people.
 *
 * Returns a NUL-terminated constant of the library that needs no freeing, also for numbers that are no reason.
 * Callable at any time.
 */
const char *xft_reason_text(uint32_t reason);

/**
 * The name of a method (`XFT_METHOD_...`) in English, for example `in band`; for logs and people.
 *
 * Returns a NUL-terminated constant of the library that needs no freeing, also for numbers that are no method.
 * Callable at any time.
 */
const char *xft_method_text(uint32_t method);

/**
 * Why a method did not carry a file (`XFT_SKIP_...`) in English, with what to do next; for logs and people.
 *
 * Returns a NUL-terminated constant of the library that needs no freeing, also for numbers that are no such cause.
 * Callable at any time.
 */
const char *xft_skip_text(uint32_t why);

/**
 * Why a streamhost could not be used (`XFT_HOST_...`) in English, with what to do next; for logs and people.
 *
 * Returns a NUL-terminated constant of the library that needs no freeing, also for numbers that are no such failure.
 * Callable at any time.
 */
const char *xft_host_failure_text(uint32_t why);

/**
 * The word of a condition as it stood in the XML, for example `item-not-found`; empty for
 * `XFT_CONDITION_NONE` and unknown numbers.
 *
 * Returns a NUL-terminated constant of the library that needs no freeing. Callable at any time.
 */
const char *xft_condition_name(uint32_t condition);

/**
 * Fills `*cfg` with the defaults; set the account, the password, the entropy and what should differ afterwards.
 *
 * `size` is `sizeof(xft_config)`: it tells the library which version of the structure the program was compiled
 * with. Nothing is kept. Returns `XFT_OK`, `XFT_ERR_NULL`, `XFT_ERR_ALIGN` or `XFT_ERR_STRUCT_SIZE`. Call it first.
 *
 * # Safety
 * `cfg` may be written for `size` bytes.
 */
xft_status xft_config_init(struct xft_config *cfg,
                           size_t size);

/**
 * Fills `*file` with zeros and its size; set the receiver, the name and the file's size afterwards.
 *
 * `size` is `sizeof(xft_file)`. Nothing is kept. Returns `XFT_OK`, `XFT_ERR_NULL`, `XFT_ERR_ALIGN` or
 * `XFT_ERR_STRUCT_SIZE`. Call it before each `xft_offer`, or once for several.
 *
 * # Safety
 * `file` may be written for `size` bytes.
 */
xft_status xft_file_init(struct xft_file *file, size_t size);

/**
 * Tells how much memory a session with this configuration needs.
 *
 * Writes the bytes to `*size` and their alignment to `*align`. `cfg` is filled as for `xft_session_init`, and refused
 * with the same statuses. Nothing is kept. Returns `XFT_OK`, the status of the field of `cfg` that is wrong (20..49,
 * 56..62, 90, 91), or a status of the border. Call it before `xft_session_init`; a program with static memory uses
 * `XFT_SESSION_BYTES` instead.
 *
 * # Safety
 * `cfg` is a filled structure; `size` and `align` may be written.
 */
xft_status xft_session_layout(const struct xft_config *cfg,
                              size_t *size,
                              size_t *align);

/**
 * Makes a session in `len` bytes of memory at `mem`.
 *
 * The memory stays the caller's and belongs to the session until `xft_session_wipe`; it must not be moved, copied
 * or used otherwise. `cfg` and its texts are copied. `now_ms` is the time on the clock that `xft_tick` will use:
 * monotonic milliseconds from any origin. On success `*session` is the handle for all other calls. A session that was in
 * that memory is over then; it stays when the new one is refused. Returns `XFT_OK`, `XFT_ERR_MEMORY_SIZE`,
 * `XFT_ERR_MEMORY_ALIGN`, the status of the field of `cfg` that is wrong (20..49, 56..62, 90, 91), or a status of the
 * border. Call it at the start, and again after `xft_session_wipe` for a session that is to follow.
 *
 * # Safety
 * `mem` may be written for `len` bytes, `cfg` is a filled structure, `session` may be written.
 */
xft_status xft_session_init(void *mem,
                            size_t len,
                            const struct xft_config *cfg,
                            uint64_t now_ms,
                            struct xft_session **session);

/**
 * Ends a session at once, without telling anybody, and overwrites its memory with zeros: passwords, keys and
 * patient data are gone from it.
 *
 * The memory is the caller's again and everything the session lent is void. Returns `XFT_OK`, `XFT_ERR_NULL`,
 * `XFT_ERR_ALIGN` or `XFT_ERR_NO_SESSION`. Call it last; to leave in good order call `xft_close` first and drain
 * until `XFT_EVENT_OFFLINE`.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_session_wipe(struct xft_session *session);

/**
 * Tells more about the last call on this session that the session itself refused: how many bytes
 * `XFT_ERR_NO_SPACE` wanted, for which reason `XFT_ERR_CLOSED` was said.
 *
 * Mistakes that the C border found (statuses 50..79) are not kept. Returns `XFT_OK`, `XFT_ERR_NULL`,
 * `XFT_ERR_ALIGN` or `XFT_ERR_NO_SESSION`. Call it right after the refusal.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `refusal` may be written.
 */
xft_status xft_last_refusal(const struct xft_session *session, struct xft_refusal *refusal);

/**
 * Hands in one whole stanza that came on the host's own stream (`XFT_OWNER_HOST`).
 *
 * The stanza is the text of one `<iq/>`, `<message/>` or `<presence/>`, from `<` to `>`, with its `from` stamped by
 * the server. `stanza` is changed: file bytes are decoded in it. What `*received` points at is lent until the next
 * call on this session. Returns `XFT_OK`; `XFT_ERR_FULL`, nothing was taken: drain with `xft_poll` and
 * `xft_stored`, then hand it in again; `XFT_ERR_STANZA`, `XFT_ERR_OVERSIZED`, `XFT_ERR_STATE` (the session owns the stream),
 * `XFT_ERR_CLOSED` or a status of the border. With `XFT_RECEIVED_NOT_MINE` the host handles the stanza; service
 * discovery is among these, and its answer has to hold the features of `xft_feature`. A stanza with an in-band block
 * was decoded in place by then: a host with in-band bytestreams of its own keeps a copy of those. Call it for every
 * stanza that comes, before the next `xft_poll`.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `stanza` may be written for `len` bytes and lies outside the session's
 * memory; `received` may be written.
 */
xft_status xft_stanza_in(struct xft_session *session,
                         uint8_t *stanza,
                         size_t len,
                         struct xft_received *received);

/**
 * Tells the service-discovery features that a host has to announce (`XFT_OWNER_HOST`), one for each `index` from 0.
 *
 * Writes a pointer to `*len` bytes of ASCII into `*feature`, not NUL-terminated, a constant of the library. Returns
 * `XFT_OK`, `XFT_ERR_ARGUMENT` behind the last feature, or a status of the border. Call it when answering a
 * disco#info question (XEP-0030): a peer that does not see these features sends no files.
 *
 * # Safety
 * `feature` and `len` may be written.
 */
xft_status xft_feature(uint32_t index,
                       const char **feature,
                       size_t *len);

/**
 * Tells the session the time, `now_ms` on the clock given to `xft_session_init`.
 *
 * Too early is harmless, backwards is taken as no progress. Nothing ends by this call: `xft_poll` judges what was due
 * when it last said WAIT, unless something came since. Returns `XFT_OK`, `XFT_ERR_CLOSED` once `XFT_EVENT_OFFLINE` was
 * said, or a status of the border. Call it whenever the program wakes up, before it hands in what came, whose deadlines
 * count from here; then drain with `xft_poll`.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_tick(struct xft_session *session,
                    uint64_t now_ms);

/**
 * Asks for the next thing to do; bytes to send are written into `out`.
 *
 * `*output` says what: see `XFT_OUTPUT_...`. Do it, then call again, until it says `XFT_OUTPUT_WAIT`. `out` stays
 * the caller's; with `XFT_OUT_BYTES(block_bytes)` bytes it is always large enough. Returns
 * `XFT_OK`; `XFT_ERR_NO_SPACE`, nothing changed: call again with as much as `xft_last_refusal` tells;
 * `XFT_ERR_CLOSED` once `XFT_EVENT_OFFLINE` was said; or a status of the border. Call it after every other call. A program
 * that cannot send for a while calls it with `cap` 0, so that events and deadlines go on: they need no room.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `out` may be written for `cap` bytes and lies outside the session's
 * memory; `output` may be written.
 */
xft_status xft_poll(struct xft_session *session,
                    uint8_t *out,
                    size_t cap,
                    struct xft_output *output);

/**
 * Tells the session's full JID, as the server bound it.
 *
 * Writes a pointer to `*len` bytes of UTF-8 into `*jid`, not NUL-terminated, lent until the next call on this
 * session; `*len` is 0 before `XFT_EVENT_ONLINE`. Returns `XFT_OK` or a status of the border. Callable at any time.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `jid` and `len` may be written.
 */
xft_status xft_jid(const struct xft_session *session,
                   const char **jid,
                   size_t *len);

/**
 * Tells what the server said beside the condition when the session ended.
 *
 * It is the text of its error, another host it names, or the name of a feature it requires that is unknown here; with
 * `XFT_REASON_LIMIT_EXCEEDED` the limit that it broke. Writes
 * a pointer to `*len` bytes of printable ASCII, at most 264, into `*text`, not NUL-terminated, lent until the next call
 * on this session; `*len` is 0 when the server said nothing. It is the server's word: show it to people, decide nothing
 * by it. Returns `XFT_OK` or a status of the border. Call it after `XFT_EVENT_OFFLINE`.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `text` and `len` may be written.
 */
xft_status xft_detail(const struct xft_session *session,
                      const char **text,
                      size_t *len);

/**
 * Leaves in good order: running transfers are cancelled, the stream is closed, `XFT_EVENT_OFFLINE` follows.
 *
 * Go on with the loop until that event: the session still has to send, and waits `close_ms` for the server. Returns
 * `XFT_OK`, `XFT_ERR_CLOSED` or a status of the border. Call it when nothing more is to do.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_close(struct xft_session *session);

/**
 * What stands before the domain in the name to ask SRV records for: `_xmpp-client._tcp.` or `_xmpps-client._tcp.`.
 *
 * The domain behind it is that of the account, an internationalised one as its A-label. Returns a NUL-terminated constant
 * of the library that needs no freeing; an empty text for what is no `XFT_SERVICE_...`. Callable at any time.
 */
const char *xft_service_prefix(uint32_t service);

/**
 * Tells where to connect to, one place after another, until one can be reached (RFC 6120 section 3.2, XEP-0368).
 *
 * The program asks the DNS for the SRV records of one service or of both and hands in all that came, the same in every
 * call; 64 of them count. They are one set: by priority, and those of equal priority by chance as their weights say.
 * Without any record the only place is `domain` itself, at port 5222, or 5223 with `fallback` `XFT_SERVICE_DIRECT`; a
 * record whose target is `.` is one. `random` is a fresh random number, the same for all calls of one search. `*tried` is
 * 0 before the first call and the library's own from then on. `place->service` 0 says that no place is left. Nothing is
 * kept. Call it before there is a session, and again whenever a place cannot be reached.
 *
 * Wherever the stream goes, the certificate and SNI are those of the account's domain; with `XFT_SERVICE_DIRECT` ALPN is
 * `xmpp-client`. Returns `XFT_OK`, `XFT_ERR_CODE` (a service), `XFT_ERR_RANGE` (a number above 65535), or a status of the
 * border.
 *
 * # Safety
 * `domain` may be read for `domain_len` bytes, `records` for `count` structures and their texts; `tried` and `place` may be
 * written.
 */
xft_status xft_locate_next(const char *domain,
                           size_t domain_len,
                           uint32_t fallback,
                           const struct xft_record *records,
                           size_t count,
                           uint64_t random,
                           uint64_t *tried,
                           struct xft_place *place);

/**
 * Tells an address where the program listens for SOCKS5 streams; peers get it with the next offers.
 *
 * `host` is an IPv4 or IPv6 address without brackets, or a name that peers can resolve, `port` the TCP port. It is
 * copied; saying it twice is the same as once. Without an address no file goes direct from this end. Returns `XFT_OK`,
 * `XFT_ERR_HOST`, `XFT_ERR_FULL` (no room left in `hosts_bytes`), `XFT_ERR_NO_STREAMS` (the session stays in band),
 * `XFT_ERR_CLOSED` or a status of the border. Call it before `xft_offer`, once for each address; the one that peers
 * shall try first comes first.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `host` has its length.
 */
xft_status xft_add_address(struct xft_session *session,
                           const char *host,
                           size_t host_len,
                           uint32_t port);

/**
 * Forgets all addresses of `xft_add_address`: nobody listens any more, or at others.
 *
 * Offers that went out stay as they are. Returns `XFT_OK`, `XFT_ERR_CLOSED` or a status of the border. Call it when the
 * listener closes or the machine's addresses change, then add the new ones.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_clear_addresses(struct xft_session *session);

/**
 * Names a proxy to use; the server is not asked for its own proxies then.
 *
 * `jid` is the proxy's JID, for example `proxy.example.org`; `host` and `port` are where it listens, as in
 * `xft_add_address`. Both are copied. Returns `XFT_OK`, `XFT_ERR_PROXY`, `XFT_ERR_HOST`, `XFT_ERR_FULL` (no room left
 * in `hosts_bytes`), `XFT_ERR_NO_STREAMS` (the session stays in band), `XFT_ERR_CLOSED` or a status of the border. Call
 * it before the login, once for each proxy.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `jid` and `host` have their lengths.
 */
xft_status xft_add_proxy(struct xft_session *session,
                         const char *jid,
                         size_t jid_len,
                         const char *host,
                         size_t host_len,
                         uint32_t port);

/**
 * Says that the transport of a stream is up. With `XFT_TLS_DIRECT` that of stream 0 means its TLS too.
 *
 * `stream` is 0, the XMPP stream, or the number that `XFT_OUTPUT_CONNECT` gave. Drain with `xft_poll` afterwards: the
 * session has something to send. Returns `XFT_OK`, `XFT_ERR_STREAM` (void by now: close the socket), `XFT_ERR_STATE`
 * (open already, or owned by the host), `XFT_ERR_CLOSED` or a status of the border. Call it once per stream, after
 * connecting.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_stream_open(struct xft_session *session,
                           uint32_t stream);

/**
 * Says that TLS is up, and hands over its channel bindings.
 *
 * `exporter` is `tls-exporter` (RFC 9266, TLS 1.3: 32 bytes), `server_end_point` is `tls-server-end-point`
 * (RFC 5929: the hash of the server's certificate, at most 64 bytes); NULL with length 0 where not known. Both are
 * copied. Give all that are known: they let the login notice a man in the middle. Returns `XFT_OK`,
 * `XFT_ERR_CHANNEL_BINDING`, `XFT_ERR_STATE` (at any other time), `XFT_ERR_CLOSED` or a status of the border. Call it after
 * `XFT_OUTPUT_START_TLS`, or before `xft_stream_open` with `XFT_TLS_DIRECT`, once the certificate is verified.
 *
 * # Safety
 * `session` comes from `xft_session_init`; the buffers have their lengths.
 */
xft_status xft_tls_done(struct xft_session *session,
                        const uint8_t *exporter,
                        size_t exporter_len,
                        const uint8_t *server_end_point,
                        size_t server_end_point_len);

/**
 * Says that somebody connected to an address of `xft_add_address`.
 *
 * `source` is any number that is the same for streams from the same machine, for example its IPv4 address, or 0 if it is
 * not known: it keeps one machine from taking every place. `*stream` is the number of the stream from here on: its bytes
 * go to `xft_stream_in`, its end to `xft_stream_end`, and `XFT_OUTPUT_TRANSMIT` and `XFT_OUTPUT_CLOSE` name it. Returns
 * `XFT_OK`; `XFT_ERR_FULL` (too many have not shown whom they belong to) or `XFT_ERR_STATE` (no peer is awaited): close
 * the socket; `XFT_ERR_CLOSED` or a status of the border. Call it after accept(2).
 *
 * # Safety
 * `session` comes from `xft_session_init`; `stream` may be written.
 */
xft_status xft_stream_accepted(struct xft_session *session,
                               uint64_t source,
                               uint32_t *stream);

/**
 * Hands in bytes that came on a stream.
 *
 * `stream` is 0, the XMPP stream, or that of a `XFT_OUTPUT_CONNECT` or `xft_stream_accepted`. `buf` is changed: file
 * bytes are decoded in it; those of a SOCKS5 stream are lent as they came. `*used` tells how many of the `len` bytes
 * were used, `*received` what became of them; call again with the rest while `*used` is smaller than `len`. What
 * `*received` points at is lent until the next call on this session. A program that cannot store as fast as bytes come
 * on a SOCKS5 stream does not read its socket for a while; the sender then waits. Returns `XFT_OK`; `XFT_ERR_FULL`,
 * nothing was used: drain with `xft_poll` and `xft_stored`, then hand the same bytes in again; `XFT_ERR_STREAM` (void
 * by now: throw the bytes away), `XFT_ERR_STATE` (`xft_stream_open`, or `xft_tls_done` after `XFT_OUTPUT_START_TLS`, was
 * not called yet, or the host owns the XMPP stream), `XFT_ERR_CLOSED` or a status of the border. Call it for every read,
 * before the next `xft_poll`.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `buf` may be written for `len` bytes and lies outside the session's
 * memory; `used` and `received` may be written.
 */
xft_status xft_stream_in(struct xft_session *session,
                         uint32_t stream,
                         uint8_t *buf,
                         size_t len,
                         size_t *used,
                         struct xft_received *received);

/**
 * Says that a stream ended, or that it never came up.
 *
 * `stream` is 0, the XMPP stream, or that of a `XFT_OUTPUT_CONNECT` or `xft_stream_accepted`. `why` is `XFT_END_LOST`,
 * `XFT_END_TLS_FAILED` or, for a stream other than 0, `XFT_END_ENDED`; for a stream that never came up
 * `XFT_END_REFUSED`, `XFT_END_UNREACHABLE`, `XFT_END_UNRESOLVED`, `XFT_END_TIMED_OUT` or `XFT_END_FORBIDDEN`. Drain
 * with `xft_poll` afterwards. When stream 0 ends, every transfer reports its end, then the session reports
 * `XFT_EVENT_OFFLINE`; when another one does, its transfer ends well, fails, or goes on another way. After
 * `XFT_END_ENDED` the stream stays open for what is still transmitted, until `XFT_OUTPUT_CLOSE`, but is read no more;
 * after any other `why` close the socket: its number is void, no `XFT_OUTPUT_CLOSE` follows. Returns `XFT_OK`,
 * `XFT_ERR_CODE`, `XFT_ERR_STREAM` (void by now: nothing to do), `XFT_ERR_STATE`, `XFT_ERR_CLOSED` or a status of the
 * border. Call it when connecting, a read or a write fails, when a read returns end of file, or when the certificate
 * is not the server's.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_stream_end(struct xft_session *session,
                          uint32_t stream,
                          uint32_t why);

/**
 * Hands in bytes of the file that `XFT_OUTPUT_NEED_DATA` or `XFT_OUTPUT_SEND_RAW` spoke of; `*output` is what to
 * transmit.
 *
 * `bytes` and `out` stay the caller's and must not overlap. After NEED_DATA `transfer` and `offset` are those of the
 * output, `len` is its `len`, or less (at least 1) if the read came up short; the block is encoded straight into `out`.
 * Call it right after the output. After SEND_RAW `offset` is where the last call or `xft_sent` ended, `len` is 1 to
 * 1048576 bytes, not beyond the output's `end`; the bytes to transmit are the very ones at `bytes`, so that these must
 * live until they are sent, and `out` may be NULL with 0. Call it whenever the stream takes bytes, as often as needed,
 * between other calls. If the file cannot be read call `xft_cancel` with `XFT_CANCEL_READ_FAILED` instead. Before the
 * last bytes, those that reach the end of the file, look at it again: if it is not any more the one that was offered
 * (size, time of modification, or another file under its name) call `xft_cancel` with `XFT_CANCEL_SOURCE_CHANGED`, and
 * nobody takes it for sent; where nothing of the file is to go, at `XFT_EVENT_STARTED`. Returns
 * `XFT_OK`; `XFT_ERR_NO_SPACE`, nothing changed, as in `xft_poll`; `XFT_ERR_BYTES`, `XFT_ERR_OFFSET`,
 * `XFT_ERR_STALE`, `XFT_ERR_STATE`, `XFT_ERR_CLOSED` or a status of the border.
 *
 * # Safety
 * `session` comes from `xft_session_init`; the buffers have their lengths and lie outside the session's memory;
 * `output` may be written.
 */
xft_status xft_supply(struct xft_session *session,
                      uint32_t transfer,
                      uint64_t offset,
                      const uint8_t *bytes,
                      size_t len,
                      uint8_t *out,
                      size_t cap,
                      struct xft_output *output);

/**
 * Offers a file to a peer.
 *
 * `file` and its texts are copied. On success `*transfer` is the handle of the transfer; it is over with
 * `XFT_EVENT_FINISHED`. Drain with `xft_poll` afterwards: the peer's answer comes as `XFT_EVENT_ACCEPTED` or as the
 * end of the transfer. Returns `XFT_OK`; `XFT_ERR_FULL` (all slots are taken); `XFT_ERR_OFFLINE`, `XFT_ERR_PEER`,
 * `XFT_ERR_MYSELF`, `XFT_ERR_NAME`, `XFT_ERR_FILE_SIZE`, `XFT_ERR_TEXT`, `XFT_ERR_TOO_LARGE` (the server takes no stanza of that size),
 * `XFT_ERR_STATE` (`xft_close` was called), `XFT_ERR_CLOSED` or a status of the border. Call it any time after
 * `XFT_EVENT_ONLINE`.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `file` is a filled structure; `transfer` may be written.
 */
xft_status xft_offer(struct xft_session *session,
                     const struct xft_file *file,
                     uint32_t *transfer);

/**
 * Tells the name that a file is offered under: that of `xft_offer`, or its harmless form if it could do harm.
 *
 * Writes a pointer to `*len` bytes of UTF-8, 1 to 120, into `*name`, not NUL-terminated, lent until the next call on this
 * session. Letters, marks, digits and punctuation of every script stay; `_` takes the place of separators, controls and
 * what nobody sees, a long name loses the end of its stem and keeps its extension. Tell people if it is not the name they
 * know. Returns `XFT_OK`; `XFT_ERR_STATE` (the file comes to this end, whose name is in `XFT_RECEIVED_OFFER`),
 * `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status of the border. Call it after `xft_offer`, at any time in a transfer's life.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `name` and `len` may be written.
 */
xft_status xft_offered_name(struct xft_session *session,
                            uint32_t transfer,
                            const char **name,
                            size_t *len);

/**
 * Accepts an offer; the file's bytes are wanted from `from_offset` on.
 *
 * `from_offset` is 0, or, if the offer has `XFT_HAS_RANGED`, the bytes that are there already; show these with
 * `xft_prefix`. Drain with `xft_poll` afterwards. Bytes come as `XFT_RECEIVED_DATA`, in their order; an empty file brings
 * none. Returns `XFT_OK`, `XFT_ERR_OFFSET`, `XFT_ERR_STATE` (not an offer of a peer, answered already, or `xft_close` was
 * called), `XFT_ERR_STALE`, `XFT_ERR_OFFLINE`, `XFT_ERR_CLOSED` or a status of the border. Call it after
 * `XFT_RECEIVED_OFFER`, before `offer_ms` is over.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_accept(struct xft_session *session,
                      uint32_t transfer,
                      uint64_t from_offset);

/**
 * Shows bytes of the file that are there already, after `xft_accept` with a `from_offset` above 0.
 *
 * The hash of the offer speaks of the whole file: it is compared only if all bytes before `from_offset` are shown, in
 * order from 0 on, in pieces of any size, before the first `XFT_RECEIVED_DATA`; right after `xft_accept` is soon enough.
 * Without that the file ends with `XFT_ENDING_UNVERIFIED`. `bytes` are read, not kept. Returns `XFT_OK`,
 * `XFT_ERR_OFFSET` (not the next byte, or beyond `from_offset`), `XFT_ERR_STATE` (not accepted, or bytes came already),
 * `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status of the border. Call it after `xft_accept`.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `bytes` has its length and lies outside the session's memory.
 */
xft_status xft_prefix(struct xft_session *session,
                      uint32_t transfer,
                      uint64_t offset,
                      const uint8_t *bytes,
                      size_t len);

/**
 * Declines an offer.
 *
 * `why` is `XFT_DECLINE_UNWANTED`, `XFT_DECLINE_BUSY` or `XFT_DECLINE_STORE_FAILED`. `XFT_EVENT_FINISHED` follows, as for
 * every transfer, with `XFT_ENDING_FAILED` and `XFT_REASON_DECLINED` or `XFT_REASON_STORE_FAILED`; the handle is stale from
 * there on. Returns `XFT_OK`, `XFT_ERR_CODE`, `XFT_ERR_STATE` (not an offer of a peer, or answered already),
 * `XFT_ERR_STALE`, `XFT_ERR_OFFLINE`, `XFT_ERR_CLOSED` or a status of the border. Call it after `XFT_RECEIVED_OFFER` instead
 * of `xft_accept`, before `offer_ms` is over.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_decline(struct xft_session *session,
                       uint32_t transfer,
                       uint32_t why);

/**
 * Ends a transfer before its time; the peer is told, and `XFT_EVENT_FINISHED` follows.
 *
 * `why` is `XFT_CANCEL_WISH`, `XFT_CANCEL_READ_FAILED`, `XFT_CANCEL_STORE_FAILED` or `XFT_CANCEL_SOURCE_CHANGED`. The
 * recipient's `XFT_CANCEL_STORE_FAILED` reaches the sender as `XFT_REASON_PEER_STORE_FAILED`. A sender whose last byte is
 * out cannot take the file back: it ends with `XFT_ENDING_DELIVERED` or
 * `XFT_ENDING_UNCONFIRMED` then, unless its source changed. Nor can a recipient
 * after `xft_settled`: it ends as it would have. Returns `XFT_OK`,
 * `XFT_ERR_CODE`, `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status of the border. Call it at any time in a transfer's life.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_cancel(struct xft_session *session,
                      uint32_t transfer,
                      uint32_t why);

/**
 * Says that the bytes of the file before `upto` went over the stream that `XFT_OUTPUT_SEND_RAW` named, moved by the
 * program itself.
 *
 * Before the last byte goes look at the file again, as `xft_supply` says. `upto` is a position in the file, bytes; saying it again, or a smaller one, changes nothing. With the last byte of the
 * output drain with `xft_poll`: the session says how the stream ends. Returns `XFT_OK`, `XFT_ERR_OFFSET` (beyond the
 * output's `end`), `XFT_ERR_STATE` (nothing may go there now), `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status of the
 * border. Call it as sendfile(2) goes on, at least every few seconds: it is also what tells that the peer takes bytes.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_sent(struct xft_session *session,
                    uint32_t transfer,
                    uint64_t upto);

/**
 * Says that the bytes of the file before `upto` are safe: only now they are acknowledged to the sender.
 *
 * `upto` is a position in the file, bytes; saying it again, or a smaller one, changes nothing. With the last byte drain
 * with `xft_poll`: `XFT_EVENT_SETTLE` follows, and the last block is acknowledged after `xft_settled`. Returns `XFT_OK`,
 * `XFT_ERR_OFFSET` (beyond what came), `XFT_ERR_STATE` (nothing was accepted there), `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or
 * a status of the border.
 * Call it after each `XFT_RECEIVED_DATA`, once the bytes would survive a power cut as well as the program promises.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_stored(struct xft_session *session,
                      uint32_t transfer,
                      uint64_t upto);

/**
 * Says that the file has its final name and is durable: the answer to `XFT_EVENT_SETTLE`.
 *
 * Everything that can fail comes before this call: syncing the file, renaming it, syncing its directory, and whatever
 * else the program demands of a file, such as a hash that was compared (`ending` of the event). If any of it fails call
 * `xft_cancel` with `XFT_CANCEL_STORE_FAILED` instead: the sender has heard nothing final yet and ends with
 * `XFT_REASON_PEER_STORE_FAILED`. A program that has nothing to do calls it at once. Drain with `xft_poll` afterwards:
 * now the last block is acknowledged, and the receipt goes out. `XFT_EVENT_FINISHED` follows; should it say
 * `XFT_ENDING_FAILED`, the file must lose its name again. Returns `XFT_OK`, `XFT_ERR_STATE` (not asked for, or said
 * already), `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status of the border. Call it once for each `XFT_EVENT_SETTLE`; the
 * sender may give up waiting after `finish_ms`, and then does not know how it ended.
 *
 * # Safety
 * `session` comes from `xft_session_init`.
 */
xft_status xft_settled(struct xft_session *session,
                       uint32_t transfer);

/**
 * Tells how far a transfer is, for a progress line.
 *
 * Fills `*marks` with positions in the file, bytes. Returns `XFT_OK`, `XFT_ERR_STALE`, `XFT_ERR_CLOSED` or a status
 * of the border. Call it at any time in a transfer's life.
 *
 * # Safety
 * `session` comes from `xft_session_init`; `marks` may be written.
 */
xft_status xft_progress(struct xft_session *session,
                        uint32_t transfer,
                        struct xft_marks *marks);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* XFT_H */

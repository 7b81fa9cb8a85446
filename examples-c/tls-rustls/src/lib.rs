//! The rustls back end of `examples-c/tls.h`: the same C functions, nothing to install.
//!
//! `client` is the TLS client in safe Rust, `binding` its channel-binding data; this file is the C surface. What the functions do and return is
//! written in `tls.h`, once.

mod binding;
mod client;

use std::ffi::{CStr, CString, c_char, c_int};
use std::{ptr, slice};

use client::{Client, Status};

/// `struct tls` of the header.
#[allow(non_camel_case_types)]
pub struct tls {
    client: Client,
    error: CString,
    description: CString,
}

fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

impl tls {
    fn answer(&mut self, status: Status) -> c_int {
        match status {
            Status::Ok => 0,
            Status::WantRead => 1,
            Status::WantWrite => 2,
            Status::Closed => 3,
            Status::Untrusted(why) => {
                self.error = c_text(&why);
                4
            }
            Status::Failed(why) => {
                self.error = c_text(&why);
                5
            }
        }
    }
}

fn copy_text(text: &str, out: &mut [u8]) {
    let Some(room) = out.len().checked_sub(1) else { return };
    let text = text.as_bytes();
    let length = text.len().min(room);
    out[..length].copy_from_slice(&text[..length]);
    out[length] = 0;
}

/// See `tls.h`.
///
/// # Safety
/// `domain` and `ca_file` are texts ended by NUL (`ca_file` may be NULL); `error` has `error_bytes` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_create(
    fd: c_int,
    domain: *const c_char,
    ca_file: *const c_char,
    direct: c_int,
    error: *mut c_char,
    error_bytes: usize,
) -> *mut tls {
    // SAFETY: the caller's promise about `domain`.
    let domain = unsafe { CStr::from_ptr(domain) }.to_string_lossy();
    let ca_file = (!ca_file.is_null()).then(|| {
        // SAFETY: not NULL, and the caller's promise about `ca_file`.
        unsafe { CStr::from_ptr(ca_file) }.to_string_lossy()
    });
    match Client::new(fd, &domain, ca_file.as_deref(), direct != 0) {
        Ok(client) => Box::into_raw(Box::new(tls {
            client,
            error: CString::default(),
            description: CString::default(),
        })),
        Err(why) => {
            // SAFETY: the caller's promise about `error`.
            copy_text(&why, unsafe { slice::from_raw_parts_mut(error.cast::<u8>(), error_bytes) });
            ptr::null_mut()
        }
    }
}

/// See `tls.h`.
///
/// # Safety
/// `tls` comes from `tls_create` and is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_handshake(tls: *mut tls) -> c_int {
    // SAFETY: the caller's promise; C programs use it from one thread.
    let tls = unsafe { &mut *tls };
    let status = tls.client.handshake();
    if matches!(status, Status::Ok) {
        tls.description = c_text(&tls.client.description());
    }
    tls.answer(status)
}

/// See `tls.h`.
///
/// # Safety
/// `tls` comes from `tls_create` and is not freed; `bytes` has `size` writable bytes; `moved` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_read(tls: *mut tls, bytes: *mut u8, size: usize, moved: *mut usize) -> c_int {
    // SAFETY: the caller's promise.
    let (tls, bytes) = unsafe { (&mut *tls, slice::from_raw_parts_mut(bytes, size)) };
    let (count, status) = tls.client.read(bytes);
    // SAFETY: the caller's promise about `moved`.
    unsafe { *moved = count };
    tls.answer(status)
}

/// See `tls.h`.
///
/// # Safety
/// `tls` comes from `tls_create` and is not freed; `bytes` has `size` readable bytes; `moved` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_write(tls: *mut tls, bytes: *const u8, size: usize, moved: *mut usize) -> c_int {
    // SAFETY: the caller's promise; an empty write may come with any pointer.
    let bytes = if size == 0 { &[] } else { unsafe { slice::from_raw_parts(bytes, size) } };
    // SAFETY: the caller's promise.
    let tls = unsafe { &mut *tls };
    let (count, status) = tls.client.write(bytes);
    // SAFETY: the caller's promise about `moved`.
    unsafe { *moved = count };
    tls.answer(status)
}

/// See `tls.h`.
///
/// # Safety
/// `tls` comes from `tls_create` and is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_unsent(tls: *const tls) -> c_int {
    // SAFETY: the caller's promise.
    c_int::from(unsafe { &*tls }.client.unsent())
}

/// See `tls.h`.
///
/// # Safety
/// `tls` comes from `tls_create` and is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_shutdown(tls: *mut tls) {
    // SAFETY: the caller's promise.
    unsafe { &mut *tls }.client.shutdown();
}

/// See `tls.h`.
///
/// # Safety
/// `tls` comes from `tls_create` and is not freed; `out` has 32 writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_exporter(tls: *mut tls, out: *mut u8) -> usize {
    // SAFETY: the caller's promise.
    let (tls, out) = unsafe { (&*tls, &mut *out.cast::<[u8; binding::EXPORTER_BYTES]>()) };
    binding::exporter(tls.client.session(), out)
}

/// See `tls.h`.
///
/// # Safety
/// `tls` comes from `tls_create` and is not freed; `out` has 64 writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_server_end_point(tls: *mut tls, out: *mut u8) -> usize {
    // SAFETY: the caller's promise.
    let (tls, out) = unsafe { (&*tls, slice::from_raw_parts_mut(out, binding::SERVER_END_POINT_BYTES)) };
    let Some(hash) = binding::server_end_point(tls.client.session()) else { return 0 };
    let hash = hash.as_ref();
    match out.get_mut(..hash.len()) {
        Some(room) => room.copy_from_slice(hash),
        None => return 0,
    }
    hash.len()
}

/// See `tls.h`.
///
/// # Safety
/// `tls` comes from `tls_create` and is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_error(tls: *const tls) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { &*tls }.error.as_ptr()
}

/// See `tls.h`.
///
/// # Safety
/// `tls` comes from `tls_create` and is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_description(tls: *mut tls) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { &*tls }.description.as_ptr()
}

/// See `tls.h`.
///
/// # Safety
/// `tls` comes from `tls_create` and is freed only once, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tls_free(tls: *mut tls) {
    if !tls.is_null() {
        // SAFETY: the caller's promise.
        drop(unsafe { Box::from_raw(tls) });
    }
}

//! Where the server of a domain is: SRV names and the order of what the DNS says, without a session.

use crate::border::{self, NOWHERE, check, place, put, range};
use crate::codes::xft_status::{self, *};
use core::ffi::c_char;
use core::ptr::null;
use xft_core::locate::{Place, Record, Search, Service};

/// `service`: the stream begins in plain, then STARTTLS; `tls` is `XFT_TLS_START`.
pub const XFT_SERVICE_START_TLS: u32 = 1;
/// `service`: the stream begins with TLS; `tls` is `XFT_TLS_DIRECT`.
pub const XFT_SERVICE_DIRECT: u32 = 2;

/// One SRV record, as the DNS gave it; an array of them is what `xft_locate_next` chooses from.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct xft_record {
    /// `sizeof(xft_record)`.
    pub size: u32,
    /// Of which name it is, `XFT_SERVICE_...`.
    pub service: u32,
    /// Priority, 0..65535; lower ones come first.
    pub priority: u32,
    /// Weight, 0..65535: the share among records of the same priority.
    pub weight: u32,
    /// TCP port, 0..65535.
    pub port: u32,
    /// 0.
    pub reserved: u32,
    /// Name of the host, ASCII; a single `.` says that the service is not offered here.
    pub target: *const c_char,
    /// Bytes of `target`, without a terminating NUL.
    pub target_len: usize,
}

/// Where to connect to. `host` points into `domain` or a `target` that were given to the call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct xft_place {
    /// How the stream begins, `XFT_SERVICE_...`; 0: no place is left.
    pub service: u32,
    /// TCP port.
    pub port: u32,
    /// Name of the host without a final dot, not NUL-terminated.
    pub host: *const c_char,
    /// Bytes of `host`.
    pub host_len: usize,
    /// 0.
    pub reserved: [u64; 2],
}

fn service(code: u32) -> Result<Service, xft_status> {
    match code {
        XFT_SERVICE_START_TLS => Ok(Service::StartTls),
        XFT_SERVICE_DIRECT => Ok(Service::Direct),
        _ => Err(XFT_ERR_CODE),
    }
}

/// What stands before the domain in the name to ask SRV records for: `_xmpp-client._tcp.` or `_xmpps-client._tcp.`.
///
/// The domain behind it is that of the account, an internationalised one as its A-label. Returns a NUL-terminated constant
/// of the library that needs no freeing; an empty text for what is no `XFT_SERVICE_...`. Callable at any time.
#[unsafe(no_mangle)]
pub extern "C" fn xft_service_prefix(service: u32) -> *const c_char {
    match service {
        XFT_SERVICE_START_TLS => c"_xmpp-client._tcp.",
        XFT_SERVICE_DIRECT => c"_xmpps-client._tcp.",
        _ => c"",
    }
    .as_ptr()
}

/// Tells where to connect to, one place after another, until one can be reached (RFC 6120 section 3.2, XEP-0368).
///
/// The program asks the DNS for the SRV records of one service or of both and hands in all that came, the same in every
/// call; 64 of them count. They are one set: by priority, and those of equal priority by chance as their weights say.
/// Without any record the only place is `domain` itself, at port 5222, or 5223 with `fallback` `XFT_SERVICE_DIRECT`; a
/// record whose target is `.` is one. `random` is a fresh random number, the same for all calls of one search. `*tried` is
/// 0 before the first call and the library's own from then on. `place->service` 0 says that no place is left. Nothing is
/// kept. Call it before there is a session, and again whenever a place cannot be reached.
///
/// Wherever the stream goes, the certificate and SNI are those of the account's domain; with `XFT_SERVICE_DIRECT` ALPN is
/// `xmpp-client`. Returns `XFT_OK`, `XFT_ERR_CODE` (a service), `XFT_ERR_RANGE` (a number above 65535), or a status of the
/// border.
///
/// # Safety
/// `domain` may be read for `domain_len` bytes, `records` for `count` structures and their texts; `tried` and `place` may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xft_locate_next(
    domain: *const c_char,
    domain_len: usize,
    fallback: u32,
    records: *const xft_record,
    count: usize,
    random: u64,
    tried: *mut u64,
    place: *mut xft_place,
) -> xft_status {
    place!(NOWHERE; tried, place);
    let fallback = check!(service(fallback));
    // SAFETY: (both) the caller's word, as the prototype says.
    let (domain, records) =
        unsafe { (check!(border::utf8(domain, domain_len, NOWHERE)), check!(all(records, count))) };
    let given = [(domain.as_ptr() as usize, domain.len()), (records.as_ptr() as usize, size_of_val(records))];
    for results in [range(tried), range(place)] {
        check!(given.iter().try_for_each(|given| border::apart(*given, results)));
    }
    for record in records.iter() {
        // SAFETY: the same.
        check!(unsafe { record.as_core() });
    }
    let mut search = Search::new(domain, fallback, random);
    // SAFETY: checked by `place!`; the caller's word that it may be read.
    search.tried = unsafe { tried.read() };
    // SAFETY: the caller's word; every record was looked at above.
    let next = search.next(records.iter().filter_map(|record| unsafe { record.as_core() }.ok()));
    put!(tried, search.tried);
    put!(place, next.map_or(xft_place::NONE, Into::into));
    XFT_OK
}

/// The caller's records; NULL only without any.
unsafe fn all<'a>(records: *const xft_record, count: usize) -> Result<&'a [xft_record], xft_status> {
    if count == 0 {
        return Ok(&[]);
    }
    border::object(records)?;
    border::shape(records.cast(), count.checked_mul(size_of::<xft_record>()).ok_or(XFT_ERR_LENGTH)?)?;
    // SAFETY: not NULL, aligned and of a possible length (checked above); the caller vouches for the rest.
    Ok(unsafe { core::slice::from_raw_parts(records, count) })
}

impl xft_record {
    unsafe fn as_core<'a>(&self) -> Result<Record<'a>, xft_status> {
        if self.size as usize != size_of::<Self>() {
            return Err(XFT_ERR_STRUCT_SIZE);
        }
        if self.reserved != 0 {
            return Err(XFT_ERR_RESERVED);
        }
        let number = |value: u32| u16::try_from(value).map_err(|_| XFT_ERR_RANGE);
        Ok(Record {
            service: service(self.service)?,
            priority: number(self.priority)?,
            weight: number(self.weight)?,
            port: number(self.port)?,
            // SAFETY: passed on under the caller's word.
            target: unsafe { border::utf8(self.target, self.target_len, NOWHERE) }?,
        })
    }
}

impl xft_place {
    const NONE: Self = Self { service: 0, port: 0, host: null(), host_len: 0, reserved: [0; 2] };
}

impl From<Place<'_>> for xft_place {
    fn from(place: Place<'_>) -> Self {
        Self {
            service: match place.service {
                Service::StartTls => XFT_SERVICE_START_TLS,
                Service::Direct => XFT_SERVICE_DIRECT,
            },
            port: u32::from(place.port),
            host: place.host.as_ptr().cast(),
            host_len: place.host.len(),
            reserved: [0; 2],
        }
    }
}

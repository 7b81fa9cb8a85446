//! SHA-1 and MD5: the kept crates where their unrolled code has room, two rolled loops on small machines.

#[cfg(any(test, not(target_pointer_width = "64")))]
mod rolled;

#[cfg(not(target_pointer_width = "64"))]
pub(crate) use self::rolled::{Md5, Sha1};
#[cfg(target_pointer_width = "64")]
pub(crate) use {md5::Md5, sha1::Sha1};

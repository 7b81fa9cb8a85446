//! C ABI of libxft.
#![no_std]

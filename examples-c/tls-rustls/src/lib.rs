//! The rustls back end of `examples-c/tls.h`.

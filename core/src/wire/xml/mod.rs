//! The XML subset of RFC 6120 section 11, read and written without a heap.

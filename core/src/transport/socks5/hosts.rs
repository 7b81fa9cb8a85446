//! Streamhosts that somebody offered, and those that we may offer: a packed list in lent memory.

use crate::wire::bytes::{copy_prefix, move_down};

/// id 2, request 4, port 2, failures 1, kind 1, slot 2, generation 2, jid length 2, host length 1.
const HEAD_BYTES: usize = 17;

/// What an entry of the list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostKind {
    /// Where our own listener is reached.
    Address,
    /// An item of the server that may be a proxy (DSC-09).
    Item,
    /// An item that is a proxy; where it listens is not known yet.
    Silent,
    /// A proxy that may be used (DSC-10, DSC-11).
    Proxy,
    /// Offered by the peer of this transfer.
    Offered { slot: u16, generation: u16 },
    /// The destination that the peer of this transfer asks for instead of the digest (S5B-12), in `host`.
    Dst { slot: u16, generation: u16 },
}

impl HostKind {
    /// A peer named it.
    const fn is_offered(self) -> bool {
        matches!(self, Self::Offered { .. } | Self::Dst { .. })
    }
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host<'s> {
    /// Never 0; the same while the entry is there.
    pub(crate) id: u16,
    pub(crate) kind: HostKind,
    /// Number of the request under way about it, 0 for none.
    pub(crate) request: u32,
    /// How often it could not be used.
    pub(crate) failures: u8,
    pub(crate) port: u16,
    pub(crate) jid: &'s str,
    pub(crate) host: &'s str,
}

/// The list, in the order in which entries came.
#[derive(Debug)]
pub(crate) struct Hosts<'a> {
    bytes: &'a mut [u8],
    len: usize,
    last_id: u16,
    /// How many of them peers named.
    offered: usize,
}

impl<'a> Hosts<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, len: 0, last_id: 0, offered: 0 }
    }

    /// Appends an entry and returns its id; `None` when there is no room or a text is too long, and then nothing has
    /// changed.
    pub(crate) fn push(&mut self, kind: HostKind, jid: &str, host: &str, port: u16) -> Option<u16> {
        let (jid_bytes, host_bytes) = (u16::try_from(jid.len()).ok()?, u8::try_from(host.len()).ok()?);
        let needed = HEAD_BYTES.checked_add(jid.len())?.checked_add(host.len())?;
        let room = if kind.is_offered() {
            self.room_for_offered()
        } else {
            self.bytes.len().checked_sub(self.len)?
        };
        if room < needed {
            return None;
        }
        let id = self.next_id()?;
        let (tag, slot, generation) = packed(kind);
        let ([i0, i1], [p0, p1], [j0, j1]) = (id.to_le_bytes(), port.to_le_bytes(), jid_bytes.to_le_bytes());
        let ([s0, s1], [g0, g1]) = (slot.to_le_bytes(), generation.to_le_bytes());
        let head: [u8; HEAD_BYTES] = [i0, i1, 0, 0, 0, 0, p0, p1, 0, tag, s0, s1, g0, g1, j0, j1, host_bytes];
        for part in [&head, jid.as_bytes(), host.as_bytes()] {
            let written = copy_prefix(self.bytes.get_mut(self.len..).unwrap_or_default(), part);
            self.len = self.len.saturating_add(written);
        }
        self.offered = self.offered.saturating_add(kind.is_offered().into());
        Some(id)
    }

    pub(crate) fn get(&self, id: u16) -> Option<Host<'_>> {
        self.iter().find(|host| host.id == id)
    }

    /// All entries, in the order in which they came.
    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter { rest: self.bytes.get(..self.len).unwrap_or_default() }
    }

    /// Notes the request under way about an entry, 0 for none.
    pub(crate) fn set_request(&mut self, id: u16, request: u32) {
        if let Some(Head { request: place, .. }) = self.head(id) {
            *place = request.to_le_bytes();
        }
    }

    /// Counts a failure.
    pub(crate) fn failed(&mut self, id: u16) {
        if let Some(Head { failures, .. }) = self.head(id) {
            *failures = failures.saturating_add(1);
        }
    }

    /// Forgets the failures: it works again.
    pub(crate) fn worked(&mut self, id: u16) {
        if let Some(Head { failures, .. }) = self.head(id) {
            *failures = 0;
        }
    }

    /// Removes what `goes` says; the rest keeps its order and its ids.
    pub(crate) fn remove(&mut self, mut goes: impl FnMut(&Host<'_>) -> bool) {
        let (mut read, mut write, mut offered) = (0usize, 0usize, 0usize);
        while let Some((host, bytes)) = self.bytes.get(read..self.len).and_then(entry) {
            let end = read.saturating_add(bytes);
            if !goes(&host) {
                offered = offered.saturating_add(host.kind.is_offered().into());
                move_down(self.bytes, read..end, write);
                write = write.saturating_add(bytes);
            }
            read = end;
        }
        (self.len, self.offered) = (write, offered);
    }

    /// Bytes that are free for what peers name: never the last quarter, where our own addresses and proxies go.
    pub(crate) fn room_for_offered(&self) -> usize {
        self.bytes.len().saturating_sub(self.len).saturating_sub(self.bytes.len() / 4)
    }

    /// Whether a peer named any of them.
    pub(crate) fn has_offered(&self) -> bool {
        self.offered > 0
    }

    /// An id that no entry has; ids come again only after all others were used.
    fn next_id(&mut self) -> Option<u16> {
        for _ in 0..=u16::MAX {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if self.get(self.last_id).is_none() {
                return Some(self.last_id);
            }
        }
        None
    }

    fn head(&mut self, id: u16) -> Option<Head<'_>> {
        let mut at = 0usize;
        loop {
            let (host, bytes) = entry(self.bytes.get(at..self.len)?)?;
            if host.id == id {
                break;
            }
            at = at.checked_add(bytes)?;
        }
        let (head, _) = self.bytes.get_mut(at..)?.split_first_chunk_mut::<HEAD_BYTES>()?;
        let [_, _, request @ .., _, _, failures, _, _, _, _, _, _, _, _] = head;
        Some(Head { request, failures })
    }
}

/// What changes in an entry.
struct Head<'s> {
    request: &'s mut [u8; 4],
    failures: &'s mut u8,
}

/// See [`Hosts::iter`].
#[derive(Clone, Debug)]
pub(crate) struct Iter<'s> {
    rest: &'s [u8],
}

impl<'s> Iterator for Iter<'s> {
    type Item = Host<'s>;

    fn next(&mut self) -> Option<Host<'s>> {
        let (host, bytes) = entry(self.rest)?;
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        Some(host)
    }
}

const fn packed(kind: HostKind) -> (u8, u16, u16) {
    match kind {
        HostKind::Address => (0, 0, 0),
        HostKind::Item => (1, 0, 0),
        HostKind::Proxy => (2, 0, 0),
        HostKind::Offered { slot, generation } => (3, slot, generation),
        HostKind::Dst { slot, generation } => (4, slot, generation),
        HostKind::Silent => (5, 0, 0),
    }
}

/// The first entry of `bytes`, and its length.
fn entry(bytes: &[u8]) -> Option<(Host<'_>, usize)> {
    let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let [i0, i1, request @ .., p0, p1, failures, tag, s0, s1, g0, g1, j0, j1, host_bytes] = *head;
    let (jid, rest) = rest.split_at_checked(u16::from_le_bytes([j0, j1]).into())?;
    let host = rest.get(..usize::from(host_bytes))?;
    let (slot, generation) = (u16::from_le_bytes([s0, s1]), u16::from_le_bytes([g0, g1]));
    let kind = match tag {
        0 => HostKind::Address,
        1 => HostKind::Item,
        2 => HostKind::Proxy,
        3 => HostKind::Offered { slot, generation },
        4 => HostKind::Dst { slot, generation },
        _ => HostKind::Silent,
    };
    let bytes = HEAD_BYTES.checked_add(jid.len())?.checked_add(host.len())?;
    let host = Host {
        id: u16::from_le_bytes([i0, i1]),
        kind,
        request: u32::from_le_bytes(request),
        failures,
        port: u16::from_le_bytes([p0, p1]),
        jid: core::str::from_utf8(jid).unwrap_or(""),
        host: core::str::from_utf8(host).unwrap_or(""),
    };
    Some((host, bytes))
}

#[cfg(test)]
mod tests;

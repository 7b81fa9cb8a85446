//! Where the server of a domain is (STR-01..03): which SRV names to ask the DNS for, and in which order to try what it
//! says (RFC 2782, XEP-0368).
//!
//! The owner asks, connects, and comes back for the next place when one cannot be reached. Wherever it gets, `to`, SNI
//! and the certificate stay the JID's domain (STR-02).

/// Most records of one domain; what is behind them is left out.
const RECORDS_MAX: u32 = 64;

/// How a stream begins at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// In plain, then STARTTLS.
    StartTls,
    /// With TLS (STR-03): [`Tls::Direct`](crate::Tls::Direct).
    Direct,
}

impl Service {
    /// What stands before the domain in the name to ask SRV records for; the domain as its A-label.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::StartTls => "_xmpp-client._tcp.",
            Self::Direct => "_xmpps-client._tcp.",
        }
    }

    /// The port where the domain itself is tried.
    const fn port(self) -> u16 {
        match self {
            Self::StartTls => 5222,
            Self::Direct => 5223,
        }
    }
}

/// One SRV record, as the DNS gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'r> {
    /// Of which of the names it is.
    pub service: Service,
    /// Lower ones come first.
    pub priority: u16,
    /// Share among those of the same priority.
    pub weight: u16,
    /// TCP port.
    pub port: u16,
    /// Name of the host; `.` says that the service is not offered here.
    pub target: &'r str,
}

/// Where to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'r> {
    /// How the stream begins.
    pub service: Service,
    /// Name of the host, without a final dot.
    pub host: &'r str,
    /// TCP port.
    pub port: u16,
}

/// The way through the places of one domain.
#[derive(Clone, Copy, Debug)]
pub struct Search<'d> {
    domain: &'d str,
    fallback: Service,
    random: u64,
    /// Which records had their turn, a bit for each.
    pub tried: u64,
}

impl<'d> Search<'d> {
    /// Begins. Without any record the domain itself is the only place, at the port of `fallback`. `random` is fresh for
    /// every search: it spreads clients over the records of one priority.
    #[must_use]
    pub const fn new(domain: &'d str, fallback: Service, random: u64) -> Self {
        Self { domain, fallback, random, tried: 0 }
    }

    /// The next place; `None` when there is none, or none is left. `records` are those of all services that were asked
    /// for, always the same, the first 64 of them.
    pub fn next(&mut self, records: impl Iterator<Item = Record<'d>> + Clone) -> Option<Place<'d>> {
        if records.clone().next().is_none() {
            let first = self.tried == 0;
            self.tried = 1;
            let port = self.fallback.port();
            return first.then_some(Place { service: self.fallback, host: self.domain, port });
        }
        let tried = self.tried;
        let left = records.zip(0..RECORDS_MAX).filter(move |(record, at)| {
            let unused = tried & 1u64.wrapping_shl(*at) == 0;
            unused && record.port != 0 && !matches!(record.target, "" | ".")
        });
        let priority = left.clone().map(|(record, _)| record.priority).min()?;
        let equal = left.filter(move |(record, _)| record.priority == priority);
        let sum = equal.clone().fold(0u32, |sum, (record, _)| sum.saturating_add(u32::from(record.weight)));
        let mut share = self.draw().checked_rem(sum.saturating_add(1)).unwrap_or(0);
        // RFC 2782: those of weight 0 stand in front, so that they too have a small chance.
        let weightless = equal.clone().filter(|(record, _)| record.weight == 0);
        let weighty = equal.filter(|(record, _)| record.weight != 0);
        let (record, at) = weightless.chain(weighty).find(|(record, _)| {
            let reached = u32::from(record.weight) >= share;
            share = share.saturating_sub(u32::from(record.weight));
            reached
        })?;
        self.tried |= 1u64.wrapping_shl(at);
        let host = record.target.strip_suffix('.').unwrap_or(record.target);
        Some(Place { service: record.service, host, port: record.port })
    }

    /// A number that follows from the random one and from what was tried.
    const fn draw(&self) -> u32 {
        let mixed = (self.random ^ self.tried).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ mixed.wrapping_shr(29)).wrapping_mul(0xbf58_476d_1ce4_e5b9).wrapping_shr(32)) as u32
    }
}

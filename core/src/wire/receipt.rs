//! Which of our receipts two ends have in common.

use super::stanza::{Element, Ns};

/// The newest receipt that both ends know, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Receipts {
    /// The peer is another program, or this end wants no receipts.
    #[default]
    None,
    /// The receiver tells the hash of what it stored, and the sender compares.
    V0,
    /// The sender's last word is its hash, and the receiver's answer to it is the receipt.
    V1,
}

impl Receipts {
    /// The namespace of the receipt, if there is one.
    pub(crate) const fn ns(self) -> Option<Ns> {
        match self {
            Self::None => None,
            Self::V0 => Some(Ns::Receipt0),
            Self::V1 => Some(Ns::Receipt1),
        }
    }

    /// The newest one that an offer names.
    pub(crate) fn of_offer(file: &Element<'_>) -> Self {
        let names = |ns| file.child(ns, "receipt").is_some();
        if names(Ns::Receipt1) {
            Self::V1
        } else if names(Ns::Receipt0) {
            Self::V0
        } else {
            Self::None
        }
    }
}

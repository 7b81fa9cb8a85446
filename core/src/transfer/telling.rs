//! What the owner hears of a transfer, in this order, each thing once.

use crate::config::Method;
use crate::error::Ending;
use crate::output::{Event, TransferId};
use crate::transfer::owed::News;
use crate::transfer::slot::{Phase, TransferSlot};

impl TransferSlot {
    /// The next thing to tell. `most`: the largest block that is taken.
    pub(crate) fn tells(&mut self, transfer: TransferId, most: u16) -> Option<Event> {
        if self.news == News::NONE {
            return None;
        }
        if core::mem::take(&mut self.news.accepted) {
            return Some(Event::Accepted { transfer, offset: self.flow.start(), end: self.flow.end() });
        }
        if core::mem::take(&mut self.news.intruded) {
            return Some(Event::Intruded { transfer });
        }
        let asked = core::mem::take(&mut self.news.refused_block);
        if asked > 0 {
            return Some(Event::BlockRefused { transfer, asked, most });
        }
        if let Some(again) = self.news.fell_back.take() {
            return Some(Event::FellBack { transfer, again, route: self.route });
        }
        if core::mem::take(&mut self.news.started) {
            return Some(self.started(transfer));
        }
        if core::mem::take(&mut self.news.settle) {
            return Some(Event::Settle { transfer, verified: self.own_verdict() == Ending::Done });
        }
        if self.phase == Phase::Over && core::mem::take(&mut self.news.finished) {
            return Some(Event::Finished { transfer, ending: self.ending, route: self.route });
        }
        None
    }

    fn started(&self, transfer: TransferId) -> Event {
        let in_band = !self.over_socks5;
        Event::Started {
            transfer,
            method: self.route.method.unwrap_or(Method::InBand),
            block_bytes: if in_band { self.bytestream.block } else { 0 },
            seq_wraps: in_band && self.is_sender() && self.bytestream.wraps(self.flow.length()),
        }
    }
}

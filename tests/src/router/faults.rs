//! What can go wrong on purpose.

use super::config::Rate;
use super::stream::{Phase, Shaper};
use super::{Effect, Router, StreamNo};

impl Router {
    /// The transport breaks: what was not yet written is lost, nothing is said to the client, the others learn of it as from a real server.
    pub fn cut(&mut self, now: u64, no: StreamNo) {
        self.unbind(now, no);
        if let Some(stream) = self.streams.get_mut(&no) {
            stream.outbox.discard();
            stream.backlog.clear();
            stream.phase = Phase::Ended;
            stream.effect = Some(Effect::Close);
            self.ready.insert(no);
        }
    }

    /// Keeps a stream's output back while `held`, as a stalled network does.
    pub fn hold(&mut self, no: StreamNo, held: bool) {
        if let Some(stream) = self.streams.get_mut(&no) {
            stream.outbox.held = held;
            self.ready.insert(no);
        }
    }

    /// Output written from now on comes `delay_ms` later; order is kept.
    pub fn delay(&mut self, no: StreamNo, delay_ms: u64) {
        if let Some(stream) = self.streams.get_mut(&no) {
            stream.outbox.delay_ms = delay_ms;
        }
    }

    /// Limits how fast the server reads from a client; `None` lifts it.
    pub fn set_rate(&mut self, now: u64, no: StreamNo, rate: Option<Rate>) {
        if let Some(stream) = self.streams.get_mut(&no) {
            stream.shaper = rate.map(|rate| Shaper::new(rate, now));
        }
    }

    /// Ends a stream with a stream error.
    pub fn end_stream(&mut self, now: u64, no: StreamNo, condition: &str) {
        self.stream_error(now, no, condition, "");
    }

    /// Ends every stream with `system-shutdown`.
    pub fn shutdown(&mut self, now: u64) {
        let all: Vec<StreamNo> = self.streams.keys().copied().collect();
        for no in all {
            self.stream_error(now, no, "system-shutdown", "");
        }
    }

    /// The server dies: every transport breaks, nothing is said to anyone; accounts and stored messages survive.
    pub fn kill(&mut self) {
        self.bound.clear();
        for (no, stream) in &mut self.streams {
            stream.jid = None;
            stream.presence = None;
            stream.outbox.discard();
            stream.backlog.clear();
            stream.phase = Phase::Ended;
            stream.effect = Some(Effect::Close);
            self.ready.insert(*no);
        }
    }
}

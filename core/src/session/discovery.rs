//! Where the search for proxies meets the transfers that wait for it.

use super::state::State;
use crate::error::{Error, StanzaCondition};
use crate::wire::stanza::Stanza;
use crate::wire::xml::Writer;

impl State<'_> {
    /// Writes the next question.
    pub(crate) fn next_question(&mut self, out: &mut [u8]) -> Result<Option<usize>, Error> {
        if !self.discovery.is_under_way() {
            return Ok(None);
        }
        let number = self.ids.upcoming();
        let asked = (number, &*self.ids.request(number));
        let written = self.discovery.say(&mut self.hosts, self.link.jid(), asked, Writer::new(out))?;
        if written.is_some() {
            self.ids.next_request();
        }
        Ok(written)
    }

    /// Whether the answer was to one of these questions, and from whom was asked; then it is taken.
    pub(crate) fn question_answered(
        &mut self,
        number: u32,
        from: &str,
        s: &Stanza<'_>,
        error: Option<StanzaCondition>,
    ) -> bool {
        let payload = s.payload.filter(|_| error.is_none());
        let taken = self.discovery.hear(&mut self.hosts, self.link.jid(), (number, from), payload);
        if taken {
            self.discovery.goes_on(self.now, self.settings.times.discovery_ms);
            self.offer_if_proxies_known();
        }
        taken
    }

    /// Nobody waits for what the server did not say in time.
    pub(crate) fn expire_discovery(&mut self) {
        self.discovery.expire(&mut self.hosts, self.now);
        self.offer_if_proxies_known();
    }

    fn offer_if_proxies_known(&mut self) {
        if self.discovery.is_known(&self.hosts) {
            self.offer_what_is_ready();
        }
    }
}

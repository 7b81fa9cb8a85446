//! The bytes of the stream's own elements.

use super::bind::Request;
use super::outgoing::Send;
use super::{Account, Link, LinkOutput};
use crate::error::Error;
use crate::time::Instant;
use crate::wire::stanza::{IqType, Ns, open_iq};
use crate::wire::xml::Writer;

impl Link {
    /// The next thing the stream itself needs; bytes are written into `out`.
    ///
    /// # Errors
    /// [`Error::NoSpace`] (nothing changed).
    pub fn poll(&mut self, out: &mut [u8], account: &Account<'_>, now: Instant) -> Result<LinkOutput, Error> {
        if self.derive(now) {
            return Ok(LinkOutput::Again);
        }
        let Some(send) = self.outgoing.first() else {
            return Ok(LinkOutput::Idle);
        };
        let output = match send {
            Send::Tls => LinkOutput::StartTls,
            Send::Close => LinkOutput::Close,
            _ => {
                let length = self.write(send, Writer::new(out), account)?;
                self.liveness.sent(now);
                self.tag_sent |= send == Send::CloseTag;
                LinkOutput::Transmit(length)
            }
        };
        self.outgoing.remove(send);
        Ok(output)
    }

    fn write(&mut self, send: Send, mut w: Writer<'_>, account: &Account<'_>) -> Result<usize, Error> {
        match send {
            Send::Header => self.write_header(&mut w, account),
            Send::StartTls => {
                w.open("starttls").attr("xmlns", Ns::Tls.uri()).close("starttls");
            }
            Send::Auth => self.write_auth(&mut w, account)?,
            Send::Response => self.write_response(&mut w, account)?,
            Send::Abort => {
                w.open("abort").attr("xmlns", Ns::Sasl.uri()).close("abort");
            }
            Send::Bind => self.write_bind(&mut w, account),
            Send::Session => {
                self.write_request(&mut w, IqType::Set, Request::Session, "session", Ns::Session);
            }
            Send::Presence => self.write_presence(&mut w),
            Send::Ping => {
                self.write_request(&mut w, IqType::Get, Request::Ping, "ping", Ns::Ping);
            }
            Send::Blank => {
                w.raw(" ");
            }
            Send::Error => self.write_error(&mut w),
            Send::CloseTag => {
                w.raw("</stream:stream>");
            }
            Send::Tls | Send::Close => {}
        }
        Ok(w.finish()?)
    }

    /// STR-04: our address is for the server's eyes only.
    fn write_header(&self, w: &mut Writer<'_>, account: &Account<'_>) {
        w.raw("<?xml version='1.0'?>").open("stream:stream");
        w.attr("xmlns", Ns::Client.uri()).attr("xmlns:stream", Ns::Streams.uri());
        w.attr_opt("from", self.encrypted.then_some(account.bare));
        w.attr("to", account.domain).attr("version", "1.0").attr("xml:lang", "en");
    }

    fn write_bind(&self, w: &mut Writer<'_>, account: &Account<'_>) {
        open_iq(w, IqType::Set, None, text(&self.id(Request::Bind)));
        w.open("bind").attr("xmlns", Ns::Bind.uri());
        if !self.no_resource && !account.resource.is_empty() {
            w.open("resource").text(account.resource).close("resource");
        }
        w.close("bind").close("iq");
    }

    fn write_request(&self, w: &mut Writer<'_>, kind: IqType, request: Request, name: &str, ns: Ns) {
        open_iq(w, kind, None, text(&self.id(request)));
        w.open(name).attr("xmlns", ns.uri()).close(name).close("iq");
    }

    fn write_presence(&self, w: &mut Writer<'_>) {
        w.open("presence").attr("id", text(&self.id(Request::Presence)));
        if self.cfg.priority != 0 {
            w.open("priority").text(if self.cfg.priority < 0 { "-" } else { "" });
            w.text_u64(u64::from(self.cfg.priority.unsigned_abs())).close("priority");
        }
        w.close("presence");
    }

    fn write_error(&self, w: &mut Writer<'_>) {
        let Some(condition) = self.error else { return };
        w.open("stream:error");
        w.open(condition.name()).attr("xmlns", Ns::StreamErrors.uri()).close(condition.name());
        w.close("stream:error");
    }
}

/// Our ids are hexadecimal digits and letters.
fn text(id: &[u8]) -> &str {
    core::str::from_utf8(id).unwrap_or_default()
}

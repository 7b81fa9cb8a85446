//! From the stream header to the bound resource: features, STARTTLS, SASL, bind.

use super::config::{Conflict, LegacySession, Mechanism, Tls};
use super::element::{Element, FirstLevel, attribute, escape, raw_attributes};
use super::framer::{NS_BIND, NS_CLIENT, NS_STREAM};
use super::scram::{Hash, Refused, Scram, Terms};
use super::stream::{Login, Phase};
use super::{Effect, Flow, Jid, Router, StreamNo};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const NS_TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
const NS_SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// A stream that fails this often to log in is closed.
const LOGIN_ATTEMPTS: u32 = 5;

impl Router {
    pub(super) fn header(&mut self, now: u64, no: StreamNo, element: &Element, tag: &[u8]) -> Flow {
        let refused = if !element.is(NS_STREAM, "stream") {
            Some("invalid-namespace")
        } else if element.attr("version").is_none_or(|v| !v.starts_with("1.")) {
            Some("unsupported-version")
        } else if element.attr("to").is_some_and(|to| !to.eq_ignore_ascii_case(&self.config.domain)) {
            Some("host-unknown")
        } else {
            None
        };
        if let Some(condition) = refused {
            self.stream_error(now, no, condition, "");
            return Flow::Stop;
        }
        self.send_header(now, no);
        let start = tag.iter().position(|b| *b == b'<').unwrap_or(0);
        let declared = raw_attributes(&tag[start..]).1.into_iter().filter(|a| {
            let value = a.whole.get(a.name.len() + 2..a.whole.len() - 1).unwrap_or_default();
            match a.name {
                b"xmlns" => value != NS_CLIENT.as_bytes(),
                b"xmlns:stream" => value != NS_STREAM.as_bytes(),
                name => name.starts_with(b"xmlns:"),
            }
        });
        let declared: Vec<Vec<u8>> = declared.map(|a| a.whole.to_vec()).collect();
        if let Some(stream) = self.streams.get_mut(&no) {
            stream.declared = declared;
            stream.phase = Phase::Open;
        }
        let features = self.features(no);
        self.write(now, no, &features);
        Flow::Continue
    }

    pub(super) fn send_header(&mut self, now: u64, no: StreamNo) {
        let id = self.token(8);
        let mut text = String::from("<?xml version='1.0'?><stream:stream xmlns='jabber:client'");
        attribute(&mut text, "xmlns:stream", Some(NS_STREAM));
        attribute(&mut text, "from", Some(&self.config.domain));
        attribute(&mut text, "id", Some(&id));
        text.push_str(" version='1.0' xml:lang='en'>");
        self.write(now, no, &text);
    }

    fn offered(&self, no: StreamNo) -> Vec<Mechanism> {
        let Some(stream) = self.streams.get(&no) else { return Vec::new() };
        if !stream.secured && self.config.tls == Tls::Required {
            return Vec::new();
        }
        let bound = !stream.bindings.types().is_empty();
        let plus = |m: &Mechanism| matches!(m, Mechanism::ScramSha256Plus | Mechanism::ScramSha1Plus);
        self.config.mechanisms.iter().copied().filter(|m| bound || !plus(m)).collect()
    }

    fn features(&self, no: StreamNo) -> String {
        let Some(stream) = self.streams.get(&no) else { return String::new() };
        let mut text = String::from("<stream:features>");
        if stream.account.is_some() {
            text.push_str(&format!("<bind xmlns='{NS_BIND}'/>"));
            match self.config.session {
                LegacySession::Absent => {}
                LegacySession::Optional => {
                    text.push_str(
                        "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>",
                    );
                }
                LegacySession::Required => {
                    text.push_str("<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>")
                }
            }
        } else {
            if !stream.secured && self.config.tls != Tls::None {
                let required = if self.config.tls == Tls::Required { "<required/>" } else { "" };
                text.push_str(&format!("<starttls xmlns='{NS_TLS}'>{required}</starttls>"));
            }
            let offered = self.offered(no);
            if !offered.is_empty() {
                text.push_str(&format!("<mechanisms xmlns='{NS_SASL}'>"));
                for mechanism in &offered {
                    text.push_str(&format!("<mechanism>{}</mechanism>", mechanism.name()));
                }
                text.push_str("</mechanisms>");
            }
            if self.config.announce_bindings && offered.iter().any(|m| m.name().ends_with("-PLUS")) {
                text.push_str("<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>");
                for kind in stream.bindings.types() {
                    text.push_str(&format!("<channel-binding type='{kind}'/>"));
                }
                text.push_str("</sasl-channel-binding>");
            }
        }
        if let Some(limits) = self.config.announce_limits {
            text.push_str("<limits xmlns='urn:xmpp:stream-limits:0'>");
            if limits.max_bytes {
                let before = stream.account.is_none();
                let bytes = if before { self.config.login_stanza_bytes } else { self.config.stanza_bytes };
                text.push_str(&format!("<max-bytes>{bytes}</max-bytes>"));
            }
            if let Some(seconds) = limits.idle_seconds {
                text.push_str(&format!("<idle-seconds>{seconds}</idle-seconds>"));
            }
            text.push_str("</limits>");
        }
        text.push_str("</stream:features>");
        text
    }

    pub(super) fn element(&mut self, now: u64, no: StreamNo, element: FirstLevel) -> Flow {
        let Some(stream) = self.streams.get(&no) else { return Flow::Stop };
        let root = &element.root;
        if stream.account.is_none() {
            return match (root.ns.as_str(), root.name.as_str()) {
                (NS_TLS, "starttls") if !stream.secured && self.config.tls != Tls::None => {
                    self.write(now, no, &format!("<proceed xmlns='{NS_TLS}'/>"));
                    if let Some(stream) = self.streams.get_mut(&no) {
                        stream.phase = Phase::AwaitTls;
                        stream.effect = Some(Effect::StartTls);
                    }
                    Flow::Stop
                }
                (NS_TLS, "starttls") => {
                    self.write(now, no, &format!("<failure xmlns='{NS_TLS}'/>"));
                    self.finish(now, no);
                    Flow::Stop
                }
                (NS_SASL, _) => self.sasl(now, no, root),
                _ => {
                    self.stream_error(now, no, "not-authorized", "");
                    Flow::Stop
                }
            };
        }
        if root.ns != NS_CLIENT || !matches!(root.name.as_str(), "iq" | "message" | "presence") {
            self.stream_error(now, no, "unsupported-stanza-type", "");
            return Flow::Stop;
        }
        if stream.jid.is_some() {
            return self.stanza(now, no, element);
        }
        match root.child(NS_BIND, "bind") {
            Some(bind) if root.name == "iq" && root.attr("type") == Some("set") => {
                let wanted = bind.child(NS_BIND, "resource").map(|r| r.text.clone());
                self.bind(now, no, root.attr("id").unwrap_or_default(), wanted)
            }
            _ => {
                // No stanza but bind before the bind result (BND-04).
                self.stream_error(now, no, "not-authorized", "");
                Flow::Stop
            }
        }
    }

    fn sasl(&mut self, now: u64, no: StreamNo, root: &Element) -> Flow {
        let login = self.streams.get_mut(&no).and_then(|s| s.login.take());
        let answer = match root.name.as_str() {
            "abort" => Err(Refused::Aborted),
            "auth" if self.offered(no).is_empty() => Err(Refused::EncryptionRequired),
            "auth" => self.chosen(no, root),
            "response" => decode(&root.text).and_then(|message| match login {
                Some(Login::Chosen(mechanism)) => self.first(no, mechanism, &message),
                Some(Login::Proof(scram)) => self.proof(&scram, &message),
                Some(Login::Signed(user)) if message.is_empty() => Ok(Step::Success(user, None)),
                _ => Err(Refused::MalformedRequest),
            }),
            _ => Err(Refused::MalformedRequest),
        };
        match answer {
            Ok(Step::Challenge(login, message)) => {
                if let Some(stream) = self.streams.get_mut(&no) {
                    stream.login = Some(login);
                }
                self.write(
                    now,
                    no,
                    &format!("<challenge xmlns='{NS_SASL}'>{}</challenge>", STANDARD.encode(message)),
                );
                Flow::Continue
            }
            Ok(Step::Success(user, message)) => {
                let message = message.map_or(String::new(), |m| STANDARD.encode(m));
                self.write(now, no, &format!("<success xmlns='{NS_SASL}'>{message}</success>"));
                if let Some(stream) = self.streams.get_mut(&no) {
                    stream.account = Some(user);
                }
                Flow::Restart
            }
            Err(refused) => {
                let condition = refused.condition();
                self.write(now, no, &format!("<failure xmlns='{NS_SASL}'><{condition}/></failure>"));
                let attempts = self.streams.get_mut(&no).map_or(0, |s| {
                    s.login_attempts += 1;
                    s.login_attempts
                });
                if attempts < LOGIN_ATTEMPTS {
                    return Flow::Continue;
                }
                self.stream_error(now, no, "policy-violation", "");
                Flow::Stop
            }
        }
    }

    fn chosen(&mut self, no: StreamNo, root: &Element) -> Result<Step, Refused> {
        if let Some(refused) = self.config.refuse_logins {
            return Err(refused);
        }
        let name = root.attr("mechanism").unwrap_or_default();
        let offered = self.offered(no);
        let mechanism = offered.into_iter().find(|m| m.name() == name).ok_or(Refused::InvalidMechanism)?;
        if root.text.is_empty() {
            return Ok(Step::Challenge(Login::Chosen(mechanism), String::new()));
        }
        let message = decode(&root.text)?;
        self.first(no, mechanism, &message)
    }

    fn first(&mut self, no: StreamNo, mechanism: Mechanism, message: &[u8]) -> Result<Step, Refused> {
        if mechanism == Mechanism::Plain {
            return self.plain(message);
        }
        let plus = mechanism.name().ends_with("-PLUS");
        let hash = match mechanism {
            Mechanism::ScramSha1 | Mechanism::ScramSha1Plus => Hash::Sha1,
            _ => Hash::Sha256,
        };
        let nonce = self.token(16);
        let stream = self.streams.get(&no).ok_or(Refused::TemporaryAuthFailure)?;
        // One salt for the domain: derived keys stay the same over all seeds and are remembered.
        let salt = Sha256::digest(self.config.domain.as_bytes());
        let terms = Terms {
            hash,
            plus,
            plus_offered: self.offered(no).iter().any(|m| m.name().ends_with("-PLUS")),
            bindings: &stream.bindings,
            nonce: &nonce,
            salt: &salt[..16],
            rounds: self.config.scram_rounds,
        };
        let (scram, answer) = Scram::begin(&terms, message, |user| self.password_of(user))?;
        Ok(Step::Challenge(Login::Proof(scram), answer))
    }

    fn proof(&mut self, scram: &Scram, message: &[u8]) -> Result<Step, Refused> {
        let (user, mut signature) = scram.finish(message)?;
        if self.config.spoil_signature {
            let other = if signature.starts_with("v=A") { "v=B" } else { "v=A" };
            signature.replace_range(..3, other);
        }
        if self.config.signature_in_challenge {
            return Ok(Step::Challenge(Login::Signed(user.to_ascii_lowercase()), signature));
        }
        Ok(Step::Success(user.to_ascii_lowercase(), Some(signature)))
    }

    fn plain(&self, message: &[u8]) -> Result<Step, Refused> {
        let text = std::str::from_utf8(message).map_err(|_| Refused::MalformedRequest)?;
        let parts: Vec<&str> = text.split('\0').collect();
        let [authzid, user, password] = parts[..] else { return Err(Refused::MalformedRequest) };
        if self.password_of(user).as_deref() != Some(password) {
            return Err(Refused::NotAuthorized);
        }
        let user = user.to_ascii_lowercase();
        if !authzid.is_empty() && authzid != format!("{user}@{}", self.config.domain) {
            return Err(Refused::InvalidAuthzid);
        }
        Ok(Step::Success(user, None))
    }

    fn password_of(&self, user: &str) -> Option<String> {
        self.config.accounts.iter().find(|(u, _)| u.eq_ignore_ascii_case(user)).map(|(_, p)| p.clone())
    }

    fn bind(&mut self, now: u64, no: StreamNo, id: &str, wanted: Option<String>) -> Flow {
        let account = self.streams.get(&no).and_then(|s| s.account.clone()).unwrap_or_default();
        let bare = Jid { local: Some(account), domain: self.config.domain.clone(), resource: None };
        let wanted = wanted.filter(|w| !w.is_empty() && !self.config.own_resources);
        let mut resource = match wanted {
            Some(wanted) => wanted,
            None => self.token(6),
        };
        if Jid::parse(&format!("{bare}/{resource}")).is_none() {
            return self.bind_error(now, no, id, "modify", "bad-request");
        }
        if let Some(old) = self.bound.get(&bare.bare()).and_then(|r| r.get(&resource)).copied() {
            match self.config.conflict {
                Conflict::EndOld => self.stream_error(now, old, "conflict", ""),
                Conflict::Refuse => return self.bind_error(now, no, id, "cancel", "conflict"),
                Conflict::Rename => resource = self.token(6),
            }
        }
        let jid = Jid { resource: Some(resource.clone()), ..bare };
        let mut text = String::from("<iq type='result'");
        attribute(&mut text, "id", Some(id));
        text.push_str(&format!("><bind xmlns='{NS_BIND}'><jid>"));
        escape(&mut text, &jid.to_string());
        text.push_str("</jid></bind></iq>");
        self.bound.entry(jid.bare()).or_default().insert(resource, no);
        if let Some(stream) = self.streams.get_mut(&no) {
            stream.jid = Some(jid);
        }
        self.write(now, no, &text);
        Flow::Continue
    }

    fn bind_error(&mut self, now: u64, no: StreamNo, id: &str, kind: &str, condition: &str) -> Flow {
        let mut text = String::from("<iq type='error'");
        attribute(&mut text, "id", Some(id));
        text.push_str(&format!(
            "><error type='{kind}'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ));
        self.write(now, no, &text);
        Flow::Continue
    }
}

/// What follows a client's SASL message.
enum Step {
    Challenge(Login, String),
    Success(String, Option<String>),
}

fn decode(text: &str) -> Result<Vec<u8>, Refused> {
    match text {
        "" | "=" => Ok(Vec::new()),
        text => STANDARD.decode(text).map_err(|_| Refused::IncorrectEncoding),
    }
}

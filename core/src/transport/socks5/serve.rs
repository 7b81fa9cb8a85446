//! The server side: a stream that came to our own listener (S5B-30 to S5B-34).

use super::turn::Heard;
use crate::wire::bytes::copy_prefix;
use crate::wire::socks5::{
    Dst, GreetingError, GreetingParser, METHOD_ACCEPTED, METHOD_REFUSED, Rep, RequestParser, Step as Parsed,
};

/// An accepted stream before it is open.
#[derive(Clone, Debug)]
pub(super) struct Serve {
    /// Keeps the request, which the answer repeats.
    request: RequestParser,
    /// The choice of the method is owed.
    method: bool,
    step: Step,
}

#[derive(Clone, Debug)]
enum Step {
    Greeting(GreetingParser),
    Request,
    /// The request is complete; who knows the digests has to say.
    Asked,
    /// Success is owed.
    Admitted,
    /// The refusal of the request is owed.
    Refused(Rep),
    /// The refusal of all methods is owed.
    NoMethod,
    /// Another protocol: nothing is answered (SK-10).
    Silent,
}

/// What [`Serve::poll`] has written.
pub(super) enum Written {
    Nothing,
    /// So many bytes; the handshake goes on.
    Part(usize),
    /// The answer that opens the stream.
    Success(usize),
    /// The last bytes before Close, if any.
    Refusal(usize),
}

impl Serve {
    pub(super) fn new() -> Self {
        Self { request: RequestParser::new(), method: false, step: Step::Greeting(GreetingParser::new()) }
    }

    pub(super) const fn is_admitted(&self) -> bool {
        matches!(self.step, Step::Admitted)
    }

    /// [`poll`](Self::poll) has something to say.
    pub(super) const fn owes_anything(&self) -> bool {
        self.method || !matches!(self.step, Step::Greeting(_) | Step::Request | Step::Asked)
    }

    pub(super) const fn is_turned(&self) -> bool {
        matches!(self.step, Step::Refused(_) | Step::NoMethod | Step::Silent)
    }

    /// Bytes used, and what they meant.
    pub(super) fn read(&mut self, piece: &[u8]) -> (usize, Heard) {
        let all = piece.len();
        let mut rest = piece;
        if let Step::Greeting(parser) = &mut self.step {
            match parser.read(rest) {
                Ok(Parsed::More) => return (all, Heard::More),
                Ok(Parsed::Done { rest: behind }) => {
                    self.method = true;
                    self.step = Step::Request;
                    // A client that does not wait for our choice of the only method it may use is let through.
                    rest = behind;
                }
                Err(error) => {
                    self.step = of_greeting(error);
                    return (all, Heard::Turned);
                }
            }
        }
        match self.step {
            Step::Asked => return (0, Heard::Asked),
            // It writes before our answer has reached it; nothing is lost by that.
            Step::Admitted => return (0, Heard::Payload),
            Step::Refused(_) | Step::NoMethod | Step::Silent => return (all, Heard::Ignored),
            Step::Greeting(_) | Step::Request => {}
        }
        match self.request.read(rest) {
            Ok(Parsed::More) => (all, Heard::More),
            Ok(Parsed::Done { rest }) => {
                self.step = Step::Asked;
                (all.saturating_sub(rest.len()), Heard::Asked)
            }
            Err(error) => {
                self.step = error.rep().map_or(Step::Silent, Step::Refused);
                (all, Heard::Turned)
            }
        }
    }

    pub(super) fn dst(&self) -> Option<Dst<'_>> {
        self.request.dst()
    }

    /// Decides about a complete request; `false` without one.
    pub(super) fn admit(&mut self, known: bool) -> bool {
        let asked = matches!(self.step, Step::Asked);
        if asked {
            self.step = if known { Step::Admitted } else { Step::Refused(Rep::NotAllowed) };
        }
        asked
    }

    /// Writes the next answer that is owed.
    pub(super) fn poll(&mut self, out: &mut [u8]) -> Result<Written, usize> {
        if self.method {
            let bytes = write(out, &METHOD_ACCEPTED)?;
            self.method = false;
            return Ok(Written::Part(bytes));
        }
        match self.step {
            Step::Greeting(_) | Step::Request | Step::Asked => Ok(Written::Nothing),
            Step::Admitted => {
                write(out, self.request.reply(Rep::Succeeded).unwrap_or_default()).map(Written::Success)
            }
            Step::Refused(rep) => {
                write(out, self.request.reply(rep).unwrap_or_default()).map(Written::Refusal)
            }
            Step::NoMethod => write(out, &METHOD_REFUSED).map(Written::Refusal),
            Step::Silent => Ok(Written::Refusal(0)),
        }
    }
}

/// One answer in one piece, for one write, or how long it is.
fn write(out: &mut [u8], answer: &[u8]) -> Result<usize, usize> {
    if out.len() < answer.len() {
        return Err(answer.len());
    }
    Ok(copy_prefix(out, answer))
}

const fn of_greeting(error: GreetingError) -> Step {
    match error.answer() {
        Some(_) => Step::NoMethod,
        None => Step::Silent,
    }
}

//! One program under test: started, listened to, waited for, never left behind.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

/// A running program and what it has said so far.
pub struct Program {
    name: String,
    child: Child,
    said: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
    begun: Instant,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Which program.
    pub name: String,
    /// Its exit code; none when a signal ended it or it had to be ended.
    pub code: Option<i32>,
    /// Everything that it said, standard output and error together.
    pub said: String,
    /// From its start to its end.
    pub seconds: f64,
}

impl Ended {
    /// All is well only with exit code 0.
    pub fn ok(&self) -> Result<(), String> {
        self.code_is(0)
    }

    /// Claims an exit code; the error says what happened instead.
    pub fn code_is(&self, code: i32) -> Result<(), String> {
        if self.code == Some(code) {
            return Ok(());
        }
        let ending = self.code.map_or("did not end by itself".into(), |code| format!("ended with {code}"));
        Err(format!(
            "{} {ending} after {:.1} s, not with {code}; it said:\n{}",
            self.name, self.seconds, self.said
        ))
    }
}

impl Program {
    /// Starts it without standard input.
    pub fn start(name: &str, mut command: Command) -> Result<Self, String> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().map_err(|error| format!("cannot start {name} ({command:?}): {error}"))?;
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut readers = Vec::new();
        if let Some(out) = child.stdout.take() {
            readers.push(listen(out, Arc::clone(&said)));
        }
        if let Some(err) = child.stderr.take() {
            readers.push(listen(err, Arc::clone(&said)));
        }
        Ok(Self { name: name.into(), child, said, readers, begun: Instant::now() })
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<(), String> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let sent = pid.ok_or(rustix::io::Errno::SRCH).and_then(|pid| kill_process(pid, signal));
        sent.map_err(|error| format!("cannot signal {}: {error}", self.name))
    }

    /// Gives it no more than so many descriptors from now on.
    pub fn limit_files(&self, most: u64) -> Result<(), String> {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let set = prlimit(pid, Resource::Nofile, limit);
        set.map(drop).map_err(|error| format!("cannot limit {}: {error}", self.name))
    }

    /// Processor time that it took so far, in hundredths of a second.
    pub fn processor_ticks(&self) -> Result<u64, String> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let text = text.map_err(|error| format!("{}: {error}", self.name))?;
        // The name, which may hold anything, stands in parentheses.
        let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
        Ok(fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum())
    }

    /// Waits until it has said these words.
    pub fn wait_said(&mut self, words: &str, limit: Duration) -> Result<(), String> {
        let name = self.name.clone();
        self.wait_until(limit, |said| said.contains(words))
            .map_err(|said| format!("{name} did not say `{words}`; it said:\n{said}"))
    }

    fn wait_until(&mut self, limit: Duration, done: impl Fn(&str) -> bool) -> Result<(), String> {
        let end = Instant::now() + limit;
        loop {
            let running = self.is_running();
            let said = self.said();
            if done(&said) {
                return Ok(());
            }
            if !running || Instant::now() > end {
                return Err(said);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for its end; when the time is up it is ended, which the outcome shows.
    pub fn end(mut self, limit: Duration) -> Ended {
        let end = Instant::now() + limit;
        let mut code = None;
        while Instant::now() < end {
            if let Ok(Some(status)) = self.child.try_wait() {
                code = status.code();
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        Ended { name: self.name.clone(), code, said: self.said(), seconds }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(mut from: impl Read + Send + 'static, said: Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let mut all = said.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
    })
}

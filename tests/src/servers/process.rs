//! A server as a child in its own process group, under the service's account when we are root.

use std::fs::File;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process_group};

use super::{Doing, Error, STOP_S};

/// The account that a server runs under.
pub(super) struct Owner {
    ids: Option<(u32, u32)>,
}

impl Owner {
    /// The service's own account for root (both servers refuse to run as root), else whoever we are.
    pub(super) fn of_service(name: &str) -> Result<Self, Error> {
        if !geteuid().is_root() {
            return Ok(Self { ids: None });
        }
        let users = std::fs::read_to_string("/etc/passwd").doing("reading /etc/passwd")?;
        let ids = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find_map(
            |fields| match fields[..] {
                [user, _, uid, gid, ..] if user == name => Some((uid.parse().ok()?, gid.parse().ok()?)),
                _ => None,
            },
        );
        match ids {
            Some(ids) => Ok(Self { ids: Some(ids) }),
            None => Err(std::io::Error::from(std::io::ErrorKind::NotFound))
                .doing(format_args!("looking for the account {name}")),
        }
    }

    /// Hands a folder and all in it to the account.
    pub(super) fn give(&self, dir: &Path) -> Result<(), Error> {
        let Some((uid, gid)) = self.ids else { return Ok(()) };
        chown(dir, Some(uid), Some(gid)).doing(format_args!("handing {} over", dir.display()))?;
        for entry in std::fs::read_dir(dir).doing(format_args!("reading {}", dir.display()))?.flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => self.give(&path)?,
                false => chown(&path, Some(uid), Some(gid))
                    .doing(format_args!("handing {} over", path.display()))?,
            }
        }
        Ok(())
    }

    /// A command under the account that is killed when we end, whatever ends us.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        if let Some((uid, gid)) = self.ids {
            command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg("--clear-groups");
        }
        command.args(["--pdeathsig", "KILL", "--", program]);
        command
    }
}

/// A child that leads its own process group, so that what it starts ends with it.
pub(super) struct Process {
    child: Child,
    ended: bool,
}

impl Process {
    /// Starts it with its output in `server.out` of that folder.
    pub(super) fn start(mut command: Command, dir: &Path) -> Result<Self, Error> {
        let path = dir.join("server.out");
        let out = File::create(&path).doing(format_args!("making {}", path.display()))?;
        let both = out.try_clone().doing("sharing the server's output file")?;
        command.current_dir(dir).stdin(Stdio::null()).stdout(out).stderr(both).process_group(0);
        let child = command.spawn().doing(format_args!("starting {:?}", command.get_program()))?;
        Ok(Self { child, ended: false })
    }

    pub(super) fn is_running(&mut self) -> bool {
        self.ended = self.ended || !matches!(self.child.try_wait(), Ok(None));
        !self.ended
    }

    /// Stops it where it is: its sockets stay open and nothing answers.
    pub(super) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Ends it and its group at once.
    pub(super) fn kill(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
        self.ended = true;
    }

    fn signal(&self, signal: Signal) {
        // Never after its end was seen: the number may be another's by then.
        if !self.ended
            && let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process_group(pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        // A frozen one could not hear it.
        self.signal(Signal::CONT);
        let end = Instant::now() + Duration::from_secs(STOP_S);
        while self.is_running() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        if !self.ended {
            self.kill();
        }
    }
}

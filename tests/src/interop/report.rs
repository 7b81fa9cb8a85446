//! What was claimed, what came of it, and the table of it all.

/// One claim and its outcome.
struct Row {
    server: &'static str,
    tls: &'static str,
    what: String,
    bytes: u64,
    seconds: f64,
    failure: Option<String>,
}

/// All claims of a run.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

/// What a transfer moved.
#[derive(Clone, Copy, Default)]
pub struct Moved {
    /// Bytes of the files.
    pub bytes: u64,
    /// As long as the sender ran, login included.
    pub seconds: f64,
}

impl Report {
    /// Notes a claim's outcome and says it at once, so that a run that is cut short still tells.
    pub fn note(
        &mut self,
        server: &'static str,
        tls: &'static str,
        what: &str,
        outcome: Result<Moved, String>,
    ) {
        let (moved, failure) = match outcome {
            Ok(moved) => (moved, None),
            Err(failure) => (Moved::default(), Some(failure)),
        };
        let row = Row { server, tls, what: what.into(), bytes: moved.bytes, seconds: moved.seconds, failure };
        println!("{}", row.line());
        if let Some(failure) = &row.failure {
            println!("    {}", failure.trim_end().replace('\n', "\n    "));
        }
        self.rows.push(row);
    }

    /// Prints the table and the totals; true when nothing failed and something passed.
    pub fn finish(&self) -> bool {
        println!(
            "\n| server | tls | what | bytes | seconds | MB/s | outcome |\n|---|---|---|---|---|---|---|"
        );
        self.rows.iter().for_each(|row| println!("{}", row.line()));
        let failed = self.rows.iter().filter(|row| row.failure.is_some()).count();
        println!("{} passed, {failed} failed", self.rows.len() - failed);
        failed == 0 && !self.rows.is_empty()
    }
}

impl Row {
    fn line(&self) -> String {
        let outcome = if self.failure.is_some() { "FAILED" } else { "ok" };
        let (bytes, seconds, rate) = match (self.bytes, self.seconds) {
            (0, _) => (String::new(), String::new(), String::new()),
            (bytes, seconds) => {
                (bytes.to_string(), format!("{seconds:.2}"), format!("{:.2}", bytes as f64 / 1e6 / seconds))
            }
        };
        format!(
            "| {} | {} | {} | {bytes} | {seconds} | {rate} | {outcome} |",
            self.server, self.tls, self.what
        )
    }
}

//! What was claimed, what came of it, and the table of it all.

/// One claim and its outcome.
struct Row {
    server: &'static str,
    tls: &'static str,
    what: String,
    bytes: u64,
    seconds: f64,
    failure: Option<String>,
    cannot: Option<&'static str>,
}

/// All claims of a run.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    tables: Vec<String>,
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
        let (bytes, seconds) = (moved.bytes, moved.seconds);
        let row = Row { server, tls, what: what.into(), bytes, seconds, failure, cannot: None };
        println!("{}", row.line());
        if let Some(failure) = &row.failure {
            println!("    {}", failure.trim_end().replace('\n', "\n    "));
        }
        self.rows.push(row);
    }

    /// Notes that a peer cannot do this, which it was seen to say itself.
    pub fn cannot(&mut self, server: &'static str, tls: &'static str, what: &str, reason: &'static str) {
        let cannot = Some(reason);
        let row = Row { server, tls, what: what.into(), bytes: 0, seconds: 0.0, failure: None, cannot };
        println!("{}", row.line());
        self.rows.push(row);
    }

    /// A table of another shape, for the end.
    pub fn table(&mut self, text: String) {
        self.tables.push(text);
    }

    /// Prints the tables and the totals; true when nothing failed and something passed.
    pub fn finish(&self) -> bool {
        println!(
            "\n| server | tls | what | bytes | seconds | MB/s | outcome |\n|---|---|---|---|---|---|---|"
        );
        self.rows.iter().for_each(|row| println!("{}", row.line()));
        self.tables.iter().for_each(|table| println!("\n{table}"));
        let failed = self.rows.iter().filter(|row| row.failure.is_some()).count();
        println!("{} passed, {failed} failed", self.rows.len() - failed);
        failed == 0 && !self.rows.is_empty()
    }
}

impl Row {
    fn line(&self) -> String {
        let outcome = match (&self.failure, self.cannot) {
            (Some(_), _) => "FAILED".into(),
            (None, Some(reason)) => format!("cannot: {reason}"),
            (None, None) => "ok".into(),
        };
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

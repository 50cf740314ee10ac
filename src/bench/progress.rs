//! How far a run is, on standard error: a bar in a terminal, else a line for each scenario.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::note;

/// Time between two pictures of the bar.
const TICK: Duration = Duration::from_millis(200);

/// Shows which scenario runs, and what it does at the moment.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    begun: Instant,
    scenario: &'static str,
    done: u64,
}

impl Progress {
    /// For a run of so many scenarios.
    pub(crate) fn new(scenarios: usize) -> Self {
        let bar = io::stderr().is_terminal().then(|| bar(scenarios as u64));
        Self { bar, begun: Instant::now(), scenario: "", done: 0 }
    }

    /// The next scenario begins.
    pub(crate) fn begin(&mut self, scenario: &'static str) {
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        }
        self.done += 1;
        self.scenario = scenario;
        self.doing("begins");
    }

    /// What the scenario does now.
    pub(crate) fn doing(&self, what: &str) {
        let text = format!("{}: {what}", self.scenario);
        match &self.bar {
            Some(bar) => bar.set_message(text),
            None => note(&format!("[{:>4} s] {text}", self.begun.elapsed().as_secs())),
        }
    }

    /// What a round came to.
    pub(crate) fn found(&self, round: usize, what: &str) {
        let text = format!("[{:>4} s] {} round {round}: {what}", self.begun.elapsed().as_secs(), self.scenario);
        match &self.bar {
            Some(bar) => bar.println(text),
            None => note(&text),
        }
    }

    /// Nothing runs any more.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}

//! Faults are planted in the core, one at a time, and the property test must notice each of them.
//!
//! `make test` plants a sample of them, `make prove` all. All faulty cores are packages of one scratch workspace, so that
//! their dependencies are compiled once.
#![allow(clippy::unwrap_used, reason = "tests")]

mod list;
mod scratch;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use list::MUTATIONS;
use scratch::Scratch;

/// Graphs that each faulty core gets; the sound one has to pass as many.
const GRAPHS: u32 = 1_500;
const THREADS: usize = 2;
/// The least number of faults that must be planted.
const MUTATIONS_MIN: usize = 10;
/// Set to `all` to plant all of them, which takes minutes; of so many one is planted otherwise.
const VARIABLE: &str = "CAPSTAN_MUTATIONS";
const SAMPLED: usize = 10;
/// The package whose core is left as it is.
const SOUND: &str = "sound";

#[test]
fn every_planted_fault_in_the_core_is_caught() {
    const { assert!(MUTATIONS.len() >= MUTATIONS_MIN) };
    let step = if std::env::var(VARIABLE).is_ok_and(|wanted| wanted == "all") { 1 } else { SAMPLED };
    let mutations: Vec<_> = MUTATIONS.iter().step_by(step).collect();
    let packages: Vec<_> = (0..mutations.len()).map(|number| format!("fault-{number:02}")).collect();
    let scratch = Scratch::new(packages.iter().map(String::as_str).chain([SOUND]));
    scratch.add(SOUND, |_, source| source);
    for (package, mutation) in packages.iter().zip(&mutations) {
        scratch.add(package, |file, source| if file == mutation.file { mutation.plant(&source) } else { source });
    }
    let tests = scratch.build();
    let sound = scratch.run(&tests[SOUND], GRAPHS);
    assert!(sound.passed, "the sound core fails its own test:\n{}", sound.output);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut missed = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutation) = mutations.get(number) else { return missed };
            let run = scratch.run(&tests[&packages[number]], GRAPHS);
            println!(
                "{}: {}\n        {}",
                if run.passed { "MISSED" } else { "caught" },
                mutation.name,
                run.first_failure()
            );
            missed.extend(run.passed.then_some(mutation.name));
        }
    };
    let missed: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

#[test]
fn every_fault_can_still_be_planted() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core");
    for mutation in MUTATIONS {
        mutation.plant(&fs::read_to_string(core.join(mutation.file)).unwrap());
    }
}

impl list::Mutation {
    fn plant(&self, source: &str) -> String {
        let found = source.matches(self.find).count();
        assert_eq!(
            found, 1,
            "\"{}\" no longer applies to {}: {:?} is there {found} times",
            self.name, self.file, self.find
        );
        source.replacen(self.find, self.replace, 1)
    }
}

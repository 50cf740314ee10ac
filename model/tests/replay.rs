//! Traces of runs, good and bad; and that whatever the model does is accepted as a trace.
#![allow(clippy::unwrap_used, reason = "tests")]

mod walk;

use capstan_model::replay::{ReplayError, replay, replay_events};
use proptest::prelude::{ProptestConfig, any, proptest};

/// Walks without the lease check; few of them do harm.
const HARM_SEEDS: u64 = 20_000;

/// A trace: each line is a time, an event and its other fields.
fn trace(lines: &[&str]) -> String {
    let line = |line: &&str| {
        let (event, fields) = line.split_once(' ').unwrap_or((line, ""));
        let (time, event) = event.split_once(':').unwrap();
        let time = match time.split_once('-') {
            Some((since, "")) => format!("\"since\": {since}"),
            Some((since, at)) => format!("\"since\": {since}, \"at\": {at}"),
            None => format!("\"at\": {time}"),
        };
        let told = fields.split_whitespace().map(|field| {
            let (name, value) = field.split_once('=').unwrap();
            let is_text = ["then", "ask", "execution", "parent"].contains(&name);
            let value = if is_text { format!("\"{value}\"") } else { value.to_owned() };
            format!(", \"{name}\": {value}")
        });
        let execution = match event {
            _ if fields.contains("execution=") => "",
            "reaped" | "retired" | "refused" | "lost_track" | "quiet" => "",
            _ => ", \"execution\": \"e\"",
        };
        format!("{{{time}, \"event\": \"{event}\"{execution}{}}}\n", told.collect::<String>())
    };
    lines.iter().map(line).collect()
}

fn accepted(lines: &[&str]) {
    if let Err(error) = replay(&trace(lines)) {
        panic!("{error}");
    }
}

fn refused(lines: &[&str], expected: &str) {
    assert_eq!(replay(&trace(lines)).unwrap_err().to_string(), expected);
}

#[test]
fn a_calm_run_is_allowed() {
    accepted(&[
        "1:started",
        "2-3:claimed worker=1 lease=7 fresh=true",
        "4-6:committed worker=1 lease=7 position=1 rows=2 then=park",
        "8:signalled",
        "9-10:claimed worker=2 lease=8",
        "11-12:committed worker=2 lease=8 position=3 rows=1 consumed=1 then=end",
        "14:retired worker=1",
        "20:quiet",
    ]);
}

#[test]
fn an_execution_waits_at_the_gate_without_a_lease_and_is_let_in_with_a_token() {
    accepted(&[
        "1:started",
        "2:claimed worker=1 lease=7 fresh=true",
        "3:gated worker=1 lease=7",
        "4:signalled",
        "5:claimed worker=2 lease=8",
        "6:signalled",
        "7:woken holder=2",
        "8:gated worker=2 lease=8 woken=true",
        "9:admitted",
        "10:woken holder=2",
        "11:heeded worker=2 lease=8",
        "12:committed worker=2 lease=8 position=1 rows=2 consumed=2 then=end",
        "20:quiet",
    ]);
}

#[test]
fn what_waits_at_the_gate_has_no_lease_leaves_it_once_and_is_not_forgotten_there() {
    let gated = ["1:started", "2:claimed worker=1 lease=7 fresh=true", "3:gated worker=1 lease=7"];
    let with = |line: &'static str| [&gated[..], &[line]].concat();
    let line = "line 4 is not allowed for execution e:";
    refused(
        &with("4:committed worker=1 lease=7 position=1 rows=1 then=hold"),
        &format!("{line} worker 1 does not hold the execution under lease 7"),
    );
    refused(&with("4:claimed worker=1 lease=8"), &format!("{line} no token of the execution is in the queue"));
    refused(&with("4:quiet"), &format!("{line} nothing goes on with the execution: it is still at the gate"));
    refused(
        &[&gated[..], &["4:admitted", "5:admitted"]].concat(),
        "line 5 is not allowed for execution e: the execution is not at the gate",
    );
}

#[test]
fn facts_that_overlap_may_have_happened_in_any_order() {
    accepted(&[
        "1:started",
        "2:claimed worker=1 lease=7 fresh=true",
        "3-3:signalled",
        // Recorded after the claim that came of it.
        "5-20:committed worker=1 lease=7 position=1 rows=1 then=park",
        "6-9:claimed worker=2 lease=8",
    ]);
}

#[test]
fn facts_that_do_not_overlap_may_not() {
    refused(
        &[
            "1:started",
            "2:claimed worker=1 lease=7 fresh=true",
            "3:signalled",
            "6-9:claimed worker=2 lease=8",
            "10-20:committed worker=1 lease=7 position=1 rows=1 then=park",
        ],
        "line 4 is not allowed for execution e: worker 1 holds the execution under lease 7",
    );
}

#[test]
fn a_fenced_worker_writes_nothing() {
    refused(
        &[
            "1:started",
            "2:claimed worker=1 lease=7 fresh=true",
            "3:reaped worker=1",
            "4:committed worker=1 lease=7 position=1 rows=1 then=hold",
        ],
        "line 4 is not allowed for execution e: worker 1 is fenced",
    );
}

#[test]
fn a_lease_that_was_taken_away_writes_nothing() {
    refused(
        &[
            "1:started",
            "2:claimed worker=1 lease=7 fresh=true",
            "3:released worker=1 lease=7",
            "4:claimed worker=2 lease=8",
            "5:committed worker=1 lease=7 position=1 rows=1 then=hold",
        ],
        "line 5 is not allowed for execution e: worker 1 does not hold the execution under lease 7",
    );
}

#[test]
fn a_woken_lease_is_not_parked() {
    refused(
        &[
            "1:started",
            "2:claimed worker=1 lease=7 fresh=true",
            "3:signalled",
            "4:woken holder=1",
            "5:committed worker=1 lease=7 position=1 rows=1 then=park",
        ],
        "line 5 is not allowed for execution e: the answer says woken: false, but it must be true",
    );
}

#[test]
fn only_a_lease_can_be_woken() {
    refused(
        &["1:started", "2:signalled", "3:woken holder=1"],
        "line 3 is not allowed for execution e: worker 1 does not hold the execution",
    );
}

#[test]
fn no_position_is_written_twice_or_left_out() {
    let begin = ["1:started", "2:claimed worker=1 lease=7 fresh=true"];
    let write = |position| format!("3:committed worker=1 lease=7 position={position} rows=1 then=hold");
    let again = "4:committed worker=1 lease=7 position=1 rows=1 then=hold";
    refused(
        &[begin[0], begin[1], &write(1), again],
        "line 4 is not allowed for execution e: entries from position 1 on, but the journal has 1",
    );
    refused(
        &[begin[0], begin[1], &write(2)],
        "line 3 is not allowed for execution e: entries from position 2 on, but the journal has 0",
    );
}

#[test]
fn a_doubtful_commit_may_be_found_written_or_not() {
    let begin = ["1:started", "2:claimed worker=1 lease=7 fresh=true"];
    let lost = "3-:committed worker=1 lease=7 position=1 rows=1 then=hold";
    let found = ["5:found lease=7 position=1", "5:committed worker=1 lease=7 then=hold"];
    let repeated = "5:committed worker=1 lease=7 position=1 rows=1 then=hold";
    accepted(&[begin[0], begin[1], lost, found[0], found[1]]);
    accepted(&[begin[0], begin[1], lost, repeated]);
    refused(
        &[begin[0], begin[1], found[0], found[1]],
        "line 3 is not allowed for execution e: the journal has no entry of lease 7 at position 1",
    );
}

#[test]
fn a_question_is_replaced_by_its_answer() {
    let begin = ["1:started", "2:claimed worker=1 lease=7 fresh=true"];
    let asked = "3-:committed ask=a worker=1 lease=7 position=1 rows=1 then=hold";
    let answered = "3-4:committed ask=a worker=1 lease=7 position=1 rows=1 then=hold";
    let next = "5:committed worker=1 lease=7 position=2 rows=1 then=hold";
    accepted(&[begin[0], begin[1], asked, answered, next]);
    accepted(&[begin[0], begin[1], asked, next]);
    refused(
        &[begin[0], begin[1], asked, answered, "5:lost worker=1 lease=7"],
        "line 5 is not allowed for execution e: worker 1 holds the execution under lease 7, but was told that it is lost",
    );
}

#[test]
fn a_claim_needs_a_token_and_tells_truly_whether_there_is_a_journal() {
    let begin = ["1:started", "2:claimed worker=1 lease=7 fresh=true"];
    let park = "3:committed worker=1 lease=7 position=1 rows=1 then=park";
    refused(
        &[begin[0], begin[1], park, "4:claimed worker=2 lease=8"],
        "line 4 is not allowed for execution e: no token of the execution is in the queue",
    );
    refused(
        &[
            "1:started",
            "2:signalled",
            "3:claimed worker=1 lease=7",
            "4:reaped worker=1",
            "5:claimed worker=2 lease=8 fresh=true",
        ],
        "line 5 is not allowed for execution e: the claim says fresh: true, but it must be false",
    );
}

#[test]
fn a_timer_fires_unseen() {
    accepted(&[
        "1:started",
        "2:claimed worker=1 lease=7 fresh=true",
        "3:committed worker=1 lease=7 position=1 rows=1 then=park due=true",
        "9:claimed worker=2 lease=8",
    ]);
}

#[test]
fn a_timer_that_is_set_again_may_have_fired_before() {
    let lines = [
        "1:started",
        "2:claimed worker=1 lease=7 fresh=true",
        "3:committed worker=1 lease=7 position=1 rows=1 then=park due=true",
        "4:signalled",
        "5:claimed worker=1 lease=8",
        "6:committed worker=1 lease=8 position=2 rows=1 consumed=1 then=park due=true",
        "7:claimed worker=1 lease=9",
        "8:woken holder=1",
    ];
    accepted(&lines);
    refused(
        &[&lines[..], &["9:woken holder=1"]].concat(),
        "line 9 is not allowed for execution e: no token of the execution is in the queue",
    );
}

#[test]
fn a_signal_that_nobody_reads_is_noticed_at_the_end() {
    refused(
        &[
            "1:started",
            "2:claimed worker=1 lease=7 fresh=true",
            "3:committed worker=1 lease=7 position=1 rows=1 then=park",
            "4:signalled",
            "9:quiet",
        ],
        "line 5 is not allowed for execution e: nothing goes on with the execution: a signal was sent that nobody has read",
    );
}

/// An execution that waits for a child, which is at work.
const WAITS_FOR_A_CHILD: [&str; 5] = [
    "1:started",
    "2:claimed worker=1 lease=7 fresh=true",
    "3:committed worker=1 lease=7 position=1 rows=1 then=park",
    "3:started execution=c parent=e",
    "4:claimed execution=c worker=1 lease=8 fresh=true",
];

#[test]
fn who_waits_for_a_child_is_told_of_its_end_by_the_commit_that_ends_it() {
    let end = "5:committed execution=c worker=1 lease=8 position=1 rows=1 then=end";
    let begin = [&WAITS_FOR_A_CHILD[..], &[end]].concat();
    let rest = ["6:claimed worker=2 lease=9", "7:committed worker=2 lease=9 position=2 rows=1 consumed=1 then=end"];
    accepted(&[&begin[..], &rest, &["9:quiet"]].concat());
    refused(
        &[&begin[..], &["9:quiet"]].concat(),
        "line 7 is not allowed for execution e: nothing goes on with the execution: a signal was sent that nobody has read",
    );
    refused(
        &[&begin[..3], &["3:started execution=c"], &begin[4..], &rest].concat(),
        "line 7 is not allowed for execution e: no token of the execution is in the queue",
    );
}

#[test]
fn an_end_that_is_found_to_be_written_was_told_though_nobody_heard_so() {
    let end = "5-:committed execution=c worker=1 lease=8 position=1 rows=1 then=end";
    let begin = [&WAITS_FOR_A_CHILD[..], &[end]].concat();
    let found = "6:found execution=c lease=8 position=1";
    let rest = ["7:claimed worker=2 lease=9", "8:committed worker=2 lease=9 position=2 rows=1 consumed=1 then=end"];
    accepted(&[&begin[..], &[found], &rest, &["9:quiet"]].concat());
    refused(
        &[&begin[..], &[found, "9:quiet"]].concat(),
        "line 8 is not allowed for execution e: nothing goes on with the execution: a signal was sent that nobody has read",
    );
}

#[test]
fn what_is_told_to_one_that_has_ended_comes_to_nothing() {
    let end = "3:committed worker=1 lease=7 position=1 rows=1 then=end";
    accepted(&["1:started", "2:claimed worker=1 lease=7 fresh=true", end, "4:told", "9:quiet"]);
    let hold = "3:committed worker=1 lease=7 position=1 rows=1 then=park";
    refused(
        &["1:started", "2:claimed worker=1 lease=7 fresh=true", hold, "4:told", "9:quiet"],
        "line 5 is not allowed for execution e: nothing goes on with the execution: a signal was sent that nobody has read",
    );
}

#[test]
fn requests_that_were_repeated_without_an_answer_are_not_tried_in_every_order() {
    let unanswered: Vec<String> = (10..40).map(|at| format!("{at}-:signalled")).collect();
    let mut lines = vec!["1:started", "2:claimed worker=1 lease=7 fresh=true"];
    lines.extend(unanswered.iter().map(String::as_str));
    lines.extend(["50-60:woken holder=1", "70:committed worker=1 lease=7 position=1 rows=1 consumed=1 then=hold"]);
    accepted(&lines);
    lines.push("80:claimed worker=2 lease=8");
    let refusal = replay(&trace(&lines)).unwrap_err();
    assert!(matches!(refusal, ReplayError::NotAllowed { line: 35, .. }), "{refusal}");
}

#[test]
fn a_claim_without_an_answer_leaves_a_lease_that_is_given_back() {
    let begin = ["1:started", "3-:lost_track worker=1"];
    let rest = ["6:released worker=1 lease=7", "7:claimed worker=1 lease=8"];
    accepted(&[begin[0], begin[1], rest[0], rest[1]]);
    refused(
        &[begin[0], rest[0], rest[1]],
        "line 2 is not allowed for execution e: worker 1 does not hold the execution under lease 7",
    );
}

#[test]
fn a_line_that_is_no_event_is_named() {
    let trace = format!("{}\nnonsense\n", trace(&["1:started"]));
    assert!(matches!(replay(&trace), Err(ReplayError::Unreadable { line: 3, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the model does, told as its workers would tell it, with times as vague as theirs, is a good trace.
    #[test]
    fn what_the_model_does_is_accepted(seed in any::<u64>()) {
        let events = walk::events(seed);
        if let Err(error) = replay_events(&events) {
            let lines: Vec<String> = events.iter().map(|(line, event)| format!("{line}: {event:?}")).collect();
            panic!("{error}\n{}", lines.join("\n"));
        }
    }
}

#[test]
fn what_a_broken_model_does_is_refused() {
    let harmful: Vec<_> = (0..HARM_SEEDS).filter_map(walk::harmful_events).collect();
    assert!(harmful.len() > 10, "only {} of {HARM_SEEDS} walks did harm", harmful.len());
    for events in harmful {
        assert!(replay_events(&events).is_err(), "{events:#?}");
    }
}

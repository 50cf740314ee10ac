//! How executions and containers end: what is undone, what runs at last, and what is waited for.

use capstan_engine::core::decide::IllegalEvent;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::journal::Event;

use crate::driver::key;
use crate::script::*;

const SAGA: &str = "start -> a\n a -> b\n b -> c\n a ~> undo_a\n b ~> undo_b\n";
const TWO: &str = "start -> a\n a -> b\n a ~> undo_a\n";
const RACE: &str = "start -> a\n start -> b\n a -> c\n a ~> undo_a\n";

/// Each of `steps` follows those before it, and leads to what is said beside it.
fn story(graph: &Graph, steps: &[(Event, &str)]) {
    let mut events = Vec::new();
    for (event, expected) in steps {
        events.push(event.clone());
        let state = after(graph, &events);
        let now: Vec<String> = lines(graph, &state).into_iter().filter(|line| !line.ends_with(" pending")).collect();
        let expected: Vec<&str> = expected.split(", ").collect();
        assert_eq!(now, expected, "after {event:?}");
    }
    cancel_everywhere(graph, &events);
}

#[test]
fn what_was_done_is_undone_the_last_first_and_one_at_a_time() {
    let done_so_far = "a completed on out, b completed on out, c failed with boom";
    story(
        &graph(SAGA),
        &[
            (done("a"), "a completed on out, b running, goes on"),
            (done("b"), "a completed on out, b completed on out, c running, goes on"),
            (failed("c", "boom"), &format!("{done_so_far}, undo_b running, goes on")),
            (done("undo_b"), &format!("{done_so_far}, undo_a running, undo_b completed on out, goes on")),
            (
                done("undo_a"),
                &format!("{done_so_far}, undo_a completed on out, undo_b completed on out, failed: boom by c"),
            ),
        ],
    );
}

#[test]
fn an_execution_that_completes_undoes_nothing() {
    check(
        &graph(SAGA),
        &[done("a"), done("b"), done("c")],
        "a completed on out\n b completed on out\n c completed on out\n undo_a pending\n undo_b pending\n completed",
    );
}

#[test]
fn a_cancel_undoes_and_a_second_one_waits_but_a_forced_one_does_not() {
    let graph = graph(TWO);
    let undoing = "a completed on out, b cancelled, undo_a running, goes on";
    let begun = [(done("a"), "a completed on out, b running, goes on"), (cancelled(), undoing), (cancelled(), undoing)];
    let on = (done("undo_a"), "a completed on out, b cancelled, undo_a completed on out, cancelled: enough");
    story(&graph, &[&begun[..], &[on]].concat());
    let on = (forced(), "a completed on out, b cancelled, undo_a cancelled, cancelled: now");
    story(&graph, &[&begun[..], &[on]].concat());
    assert_eq!(refusal(&graph, &[done("a"), cancelled()], Event::TimedOut), IllegalEvent::Ending);
}

#[test]
fn a_running_step_that_can_be_undone_is_awaited() {
    let graph = graph(RACE);
    let awaited = (failed("b", "boom"), "a running, b failed with boom, goes on");
    story(
        &graph,
        &[
            awaited.clone(),
            (done("a"), "a completed on out, b failed with boom, undo_a running, goes on"),
            (done("undo_a"), "a completed on out, b failed with boom, undo_a completed on out, failed: boom by b"),
        ],
    );
    let ended = "b failed with boom, failed: boom by b";
    story(&graph, &[awaited.clone(), (failed("a", "late"), &format!("a failed with late, {ended}"))]);
    story(&graph, &[awaited.clone(), (retry("a", 1), &format!("a cancelled with http_5xx, {ended}"))]);
    story(&graph, &[awaited.clone(), (waiting("a", Some(50), None), &format!("a cancelled, {ended}"))]);
    let unknown_now = "a outcome_unknown with outcome_unknown, b failed with boom, undo_a running, goes on";
    story(&graph, &[awaited, (unknown("a"), unknown_now)]);
}

#[test]
fn a_waiting_step_is_not_awaited() {
    check(
        &graph(RACE),
        &[waiting("a", None, Some("go")), failed("b", "boom")],
        "a cancelled\n b failed with boom\n c pending\n undo_a pending\n failed: boom by b",
    );
}

#[test]
fn a_failing_undo_is_an_incident() {
    let graph = graph(TWO);
    let events = [done("a"), cancelled(), failed("undo_a", "refused")];
    let stands = "a completed on out\n b cancelled\n undo_a failed with refused";
    check(&graph, &events, &format!("{stands}\n incident\n goes on"));
    let reason = after(&graph, &events).incident().map(str::to_owned);
    assert_eq!(reason.as_deref(), Some("undo_a could not undo: refused: it broke"));
    let ended = [&events[..], &[cancelled()]].concat();
    check(&graph, &ended, &format!("{stands}\n incident\n cancelled: enough"));
}

#[test]
fn an_undo_may_wait_and_try_again() {
    check(
        &graph(TWO),
        &[done("a"), cancelled(), retry("undo_a", 1), waiting("undo_a", Some(90), None), done("undo_a")],
        "a completed on out\n b cancelled\n undo_a completed on out\n cancelled: enough",
    );
}

#[test]
fn a_group_undoes_its_own_and_what_is_around_goes_on() {
    let graph =
        graph("start -> z\n z -> group\n group[a b u] 1 0 undoes\n a -> b\n a ~> u\n z ~> undo_z\n group ! -> after\n");
    let a = "z completed on out, group running";
    story(
        &graph,
        &[
            (done("z"), "z completed on out, group running, goes on"),
            (opened("group", 1), &format!("{a}, group[0]/a running, goes on")),
            (done("group[0]/a"), &format!("{a}, group[0]/a completed on out, group[0]/b running, goes on")),
            (
                failed("group[0]/b", "boom"),
                &format!("{a}, group[0]/a completed on out, group[0]/b failed with boom, group[0]/u running, goes on"),
            ),
            (
                done("group[0]/u"),
                &format!(
                    "{a}, group[0]/a completed on out, group[0]/b failed with boom, group[0]/u completed on out, goes on"
                ),
            ),
            (
                failed("group", "boom"),
                "z completed on out, group failed with boom, after running, group[0]/a completed on out, \
                 group[0]/b failed with boom, group[0]/u completed on out, goes on",
            ),
        ],
    );
}

#[test]
fn what_was_done_in_containers_is_undone_with_what_is_around() {
    let graph = graph("start -> each\n each -> after\n each[a u] 2\n a ~> u\n");
    let begun = [opened("each", 2), done("each[1]/a"), done("each[0]/a"), done("each"), failed("after", "boom")];
    let stands = |first: &str, second: &str| {
        format!(
            "each completed on out\n after failed with boom\n each[0]/a completed on out\n each[0]/u {first}
             each[1]/a completed on out\n each[1]/u {second}"
        )
    };
    check(&graph, &begun, &format!("{}\n goes on", stands("running", "pending")));
    let one = [&begun[..], &[done("each[0]/u")]].concat();
    check(&graph, &one, &format!("{}\n goes on", stands("completed on out", "running")));
    let both = [&one[..], &[done("each[1]/u")]].concat();
    let undone = "completed on out";
    check(&graph, &both, &format!("{}\n failed: boom by after", stands(undone, undone)));
}

#[test]
fn what_runs_at_last_runs_however_it_ended_and_after_what_undoes() {
    let graph = graph("start -> a\n a -> b\n a ~> u\n last {\"finally\": true}\n last -> more\n");
    let begun = (done("a"), "a completed on out, b running, goes on");
    let more = "last completed on out, more completed on out";
    story(
        &graph,
        &[
            begun.clone(),
            (done("b"), "a completed on out, b completed on out, last running, goes on"),
            (done("last"), "a completed on out, b completed on out, last completed on out, more running, goes on"),
            (done("more"), &format!("a completed on out, b completed on out, {more}, completed")),
        ],
    );
    story(
        &graph,
        &[
            begun.clone(),
            (cancelled(), "a completed on out, b cancelled, u running, goes on"),
            (done("u"), "a completed on out, b cancelled, u completed on out, last running, goes on"),
            (cancelled(), "a completed on out, b cancelled, u completed on out, last running, goes on"),
            (
                done("last"),
                "a completed on out, b cancelled, u completed on out, last completed on out, more running, goes on",
            ),
            (done("more"), &format!("a completed on out, b cancelled, u completed on out, {more}, cancelled: enough")),
        ],
    );
    let failure = "a completed on out, b completed on out, last failed with boom, more skipped";
    story(
        &graph,
        &[
            begun,
            (done("b"), "a completed on out, b completed on out, last running, goes on"),
            (failed("last", "boom"), &format!("{failure}, failed: boom by last")),
        ],
    );
}

#[test]
fn a_container_is_cancelled_once_what_runs_at_last_in_it_has_run() {
    let graph = graph("start -> each\n each -> after\n each[a last] 2\n last {\"finally\": true}\n");
    let begun = [opened("each", 3), done("each[0]/a")];
    let cut = "each running\n after pending\n each[0]/a completed on out\n each[0]/last running";
    check(&graph, &begun, &format!("{cut}\n each[1]/a running\n each[1]/last pending\n goes on"));
    let stopped = [&begun[..], &[cancelled()]].concat();
    check(&graph, &stopped, &format!("{cut}\n each[1]/a cancelled\n each[1]/last running\n goes on"));
    let ended = [&stopped[..], &[done("each[1]/last"), done("each[0]/last")]].concat();
    check(
        &graph,
        &ended,
        "each cancelled\n after pending\n each[0]/a completed on out\n each[0]/last completed on out
         each[1]/a cancelled\n each[1]/last completed on out\n cancelled: enough",
    );
}

#[test]
fn frames_that_have_had_their_time_end_and_their_container_may_go_on() {
    let graph = graph("start -> each\n each ! -> late\n each[a] 1\n");
    let open = [opened_until("each", 2, 60)];
    let state = after(&graph, &open);
    assert_eq!((state.expired(at(59)).count(), state.expired(at(60)).count()), (0, 1));
    assert_eq!(state.next_due(), Some(chrono::DateTime::<chrono::Utc>::MIN_UTC), "a may run");
    let events = [&open[..], &[expired("each")]].concat();
    check(&graph, &events, "each running\n late pending\n each[0]/a cancelled\n goes on");
    assert_eq!(refusal(&graph, &events, expired("each")), IllegalEvent::WrongPhase(key("each")));
    let events = [&events[..], &[failed("each", "timeout")]].concat();
    check(&graph, &events, "each failed with timeout\n late running\n each[0]/a cancelled\n goes on");
}

#[test]
fn a_join_that_needs_a_container_no_more_lets_it_clean_up() {
    let graph = graph(
        "start -> each\n start -> b\n each -> join\n b -> join\n join {\"join\": \"any\", \"cancel_others\": true}\n each[a last] 1\n last {\"finally\": true}\n",
    );
    story(
        &graph,
        &[
            (opened("each", 1), "each running, b running, each[0]/a running, goes on"),
            (
                done("b"),
                "each running, b completed on out, join running, each[0]/a cancelled, each[0]/last running, goes on",
            ),
            (
                done("join"),
                "each running, b completed on out, join completed on out, each[0]/a cancelled, each[0]/last running, goes on",
            ),
            (
                done("each[0]/last"),
                "each cancelled, b completed on out, join completed on out, each[0]/a cancelled, \
                 each[0]/last completed on out, completed",
            ),
        ],
    );
}

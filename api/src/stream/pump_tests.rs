//! What a listener is handed, without a database.

use std::convert::Infallible;

use axum::body::to_bytes;
use axum::response::IntoResponse;
use axum::response::sse::Sse;
use capstan_domain::access::Page;
use chrono::DateTime;
use futures::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::*;

fn batch(topics: &[Topic]) -> Batch {
    let at = DateTime::from_timestamp_micros(5).unwrap();
    let news: Vec<News> =
        topics.iter().map(|topic| News { topic: *topic, data: format!("{{\"of\":\"{}\"}}", topic.name()) }).collect();
    Batch { position: Arc::new(Position::of_snapshot("7:9:7", at).unwrap()), news: news.into(), is_reset: false }
}

fn may(permissions: &[Permission]) -> Allowed {
    Allowed { permissions: permissions.iter().copied().collect(), pages: Pages::all() }
}

fn all() -> Allowed {
    Allowed { permissions: Permissions::all_scopes(), pages: Pages::all() }
}

/// What comes over the wire.
async fn wire(events: mpsc::Receiver<Event>) -> String {
    let body = Sse::new(ReceiverStream::new(events).map(Ok::<_, Infallible>)).into_response().into_body();
    String::from_utf8(to_bytes(body, 100_000).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn who_may_not_read_leads_hears_nothing_of_them_and_the_last_that_is_heard_has_the_position() {
    let (out, events) = mpsc::channel(EVENTS_WAITING_MAX);
    let batch = batch(&[Topic::Execution, Topic::Workflow, Topic::Lead]);
    let allowed = may(&[Permission::ExecutionsRead, Permission::WorkflowsRead]);
    assert!(pass_on(&out, allowed, &batch, false).await.is_ok_and(|told| told));
    assert!(pass_on(&out, may(&[Permission::RecordsRead]), &batch, false).await.is_ok_and(|told| !told));
    drop(out);
    assert_eq!(
        wire(events).await,
        "event: execution\ndata: {\"of\":\"execution\"}\n\n\
         event: workflow\ndata: {\"of\":\"workflow\"}\nid: 1.5.7:9:7\n\n"
    );
}

#[tokio::test]
async fn of_a_page_that_the_workspace_does_not_have_nothing_is_heard() {
    let (out, events) = mpsc::channel(EVENTS_WAITING_MAX);
    let topics = [Topic::Execution, Topic::Lead, Topic::Record, Topic::Workflow, Topic::Approval, Topic::Alert];
    let allowed = Allowed { pages: [Page::Leads, Page::Forms].into_iter().collect(), ..all() };
    assert!(pass_on(&out, allowed, &batch(&topics), false).await.is_ok_and(|told| told));
    drop(out);
    assert_eq!(wire(events).await, "event: lead\ndata: {\"of\":\"lead\"}\nid: 1.5.7:9:7\n\n");
}

#[tokio::test]
async fn where_nothing_is_new_a_beat_tells_the_position_and_where_nothing_is_known_there_is_a_reset() {
    let (out, events) = mpsc::channel(EVENTS_WAITING_MAX);
    assert!(pass_on(&out, all(), &batch(&[]), true).await.is_ok_and(|told| told));
    let unknown = Batch { is_reset: true, ..batch(&[Topic::Lead]) };
    assert!(pass_on(&out, all(), &unknown, false).await.is_ok_and(|told| told));
    drop(out);
    assert_eq!(
        wire(events).await,
        "event: beat\ndata: {}\nid: 1.5.7:9:7\n\nevent: reset\ndata: {\"reason\":\"unknown\"}\nid: 1.5.7:9:7\n\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_given_up_after_a_while_and_few_events_wait_for_it() {
    let (out, mut events) = mpsc::channel(EVENTS_WAITING_MAX);
    let begun = Instant::now();
    let mut handed = 0;
    while pass_on(&out, all(), &batch(&[Topic::Lead]), false).await.is_ok() {
        handed += 1;
    }
    assert_eq!(handed, EVENTS_WAITING_MAX);
    assert!(begun.elapsed() >= STALL_MAX);
    drop(out);
    let mut waiting = 0;
    while events.recv().await.is_some() {
        waiting += 1;
    }
    assert_eq!(waiting, EVENTS_WAITING_MAX);
}

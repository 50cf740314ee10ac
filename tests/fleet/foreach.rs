//! A for-each over many items, whose worker is killed in the middle.

use serde_json::{Value, json};

use crate::process::Process;
use crate::site::Site;
use crate::world::World;

const ITEMS: usize = 500;
/// Items from here on call an effect that hangs at first.
const HANGS_FROM: usize = 250;
const CONCURRENCY: usize = 20;
/// One of so many items fails.
const FAILS_EVERY: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn the_results_of_a_for_each_are_whole_and_in_order_though_its_worker_is_killed() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let tolerated = ITEMS / FAILS_EVERY;
    let (wide, strict) =
        (site.publish(&document(&world, tolerated)).await, site.publish(&document(&world, tolerated - 1)).await);
    let input = json!({ "items": (0..ITEMS).map(|nth| 3 * nth).collect::<Vec<_>>() });
    let victim = site.worker(&world).await;
    let id = site.start(&wide, input.clone()).await;
    world.until_called(CONCURRENCY).await;
    site.kill9_holding(victim).await;
    let heir = site.worker(&world).await;
    world.until_called(2 * CONCURRENCY).await;
    world.answer();
    assert_eq!(site.until_ended(id).await.0, "completed");

    let journal = site.journal(id).await;
    let of_each = |row: &&Value| row["kind"] == "settled" && row["node_id"] == "each";
    let output = &journal.iter().find(of_each).unwrap()["output"];
    let is_well = |nth: usize| nth % FAILS_EVERY != FAILS_EVERY - 1;
    let result = |nth| if is_well(nth) { json!({ "item": 3 * nth, "index": nth }) } else { Value::Null };
    assert_eq!(output["results"], Value::Array((0..ITEMS).map(result).collect()));
    assert_eq!(output["failed"], tolerated);
    assert_eq!(journal.len(), 2 * ITEMS + 2, "two steps of each item, what opened them, and the end");
    let (calls, again) = (world.calls(), |times: &&usize| **times == 2);
    assert_eq!((calls.len(), calls.values().filter(again).count()), (ITEMS - HANGS_FROM, CONCURRENCY));
    assert_eq!(calls.values().sum::<usize>(), ITEMS - HANGS_FROM + CONCURRENCY, "only what was under way came again");

    let id = site.start(&strict, input).await;
    let (status, error) = site.until_ended(id).await;
    assert_eq!((status.as_str(), &error.unwrap()["class"]), ("failed", &json!("debug")), "one failure too many");
    heir.end().await;
}

/// Items in chunks, of which each worker runs so many at a time.
const SHARED: usize = 200;
const CHUNK: usize = 20;
const SLOTS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_two_workers_share_is_whole_and_in_order_though_one_of_them_is_killed() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let mut document = document(&world, SHARED / FAILS_EVERY);
    let config = &mut document["nodes"][1]["data"]["config"];
    config["spill"] = json!({ "above": 50, "chunk": CHUNK });
    config["concurrency"] = json!(2 * SLOTS);
    // Each chunk hangs half way, item by item.
    let hangs = format!("{}/{{{{ \"effect\" if index % {CHUNK} >= {} else \"small\" }}}}", world.url, CHUNK / 2);
    document["nodes"][2]["data"]["config"]["url"] = json!(hangs);
    let version = site.publish(&document).await;
    let mut env = site.worker_env(&world);
    env.push(("CAPSTAN_SLOTS", SLOTS.to_string()));
    let (victim, survivor) = tokio::join!(Process::start(&["worker"], &env), Process::start(&["worker"], &env));
    let input = json!({ "items": (0..SHARED).map(|nth| 3 * nth).collect::<Vec<_>>() });
    let id = site.start(&version, input).await;
    world.until_called(2 * SLOTS).await;
    site.kill9_holding(victim).await;
    let heir = Process::start(&["worker"], &env).await;
    world.until_called(3 * SLOTS).await;
    world.answer();
    assert_eq!(site.until_ended(id).await.0, "completed");

    let journal = site.journal(id).await;
    let of_each = |row: &&Value| row["kind"] == "settled" && row["node_id"] == "each";
    let output = &journal.iter().find(of_each).unwrap()["output"];
    let is_well = |nth: usize| nth % FAILS_EVERY != FAILS_EVERY - 1;
    let result = |nth| if is_well(nth) { json!({ "item": 3 * nth, "index": nth }) } else { Value::Null };
    assert_eq!(output["results"], Value::Array((0..SHARED).map(result).collect()));
    assert_eq!(site.count("SELECT count(*) FROM children").await, (SHARED / CHUNK) as i64);
    let (calls, again) = (world.calls(), |times: &&usize| **times == 2);
    assert_eq!((calls.len(), calls.values().filter(again).count()), (SHARED / 2, SLOTS));
    assert_eq!(calls.values().sum::<usize>(), SHARED / 2 + SLOTS, "only the chunks of the killed worker went back");
    for worker in [survivor, heir] {
        worker.end().await;
    }
}

fn document(world: &World, tolerated: usize) -> Value {
    let node = |id: &str, kind: &str, parent: Option<&str>, config: Value| {
        let data = json!({ "label": id, "config": config });
        json!({ "id": id, "type": kind, "parentId": parent, "position": { "x": 0, "y": 0 }, "data": data })
    };
    let edge = |source: &str, target: &str, when: Option<String>| {
        json!({ "id": format!("{source}-{target}"), "source": source, "target": target,
                "data": { "kind": "flow", "when": when } })
    };
    let (calls, hangs) = (&world.url, format!("{{{{ \"effect\" if index >= {HANGS_FROM} else \"small\" }}}}"));
    let when = |is: &str| Some(format!("index % {FAILS_EVERY} {is} {}", FAILS_EVERY - 1));
    let each = json!({ "items": "{{ input.items }}", "concurrency": CONCURRENCY, "tolerated_failures": tolerated });
    let kept = json!({ "values": { "item": "{{ item }}", "index": "{{ index }}" } });
    json!({
        "nodes": [
            node("start", "trigger.manual", None, json!({})),
            node("each", "logic.for_each", None, each),
            node("call", "action.http_request", Some("each"), json!({ "url": format!("{calls}/{hangs}") })),
            node("fail", "debug.fail", Some("each"), json!({})),
            node("keep", "data.set", Some("each"), kept),
        ],
        "edges": [edge("start", "each", None), edge("call", "fail", when("==")), edge("call", "keep", when("!="))],
    })
}

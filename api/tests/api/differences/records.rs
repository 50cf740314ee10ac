//! Routes of records and their types.

use serde_json::{Value, json};

use super::{Changer, id, reversed, texts};

pub(super) async fn all(it: &mut Changer) {
    // Of what a record holds the log has no values: nobody can be erased from it.
    it.secrets.extend(["Engines of Ann".to_owned(), "Ann hesitates".into()]);
    let lines = [
        "/data/client: null → [redacted]",
        "/id: null → <id>",
        "/revision: null → 1",
        "/state: null → lead",
        "/type: null → pursuit",
    ];
    let new = json!({ "type": "pursuit", "data": { "client": "Engines of Ann" } });
    let path = format!("/records/{}", id(&it.tells("POST /records", "/records", new, &lines).await));
    let other = json!({ "data": { "client": "Bridges", "days": 3 } });
    let told = ["/data/client: [redacted] → [changed]", "/data/days: null → [redacted]", "/revision: 1 → 2"];
    it.tells_of("PATCH /records/{record_id}", &path, other, 1, &told).await;
    let moved = json!({ "to": "qualified", "reason": "Ann hesitates" });
    let (route, there) = ("POST /records/{record_id}/transitions", format!("{path}/transitions"));
    it.tells_of(route, &there, moved, 2, &["/revision: 2 → 3", "/state: lead → qualified"]).await;
    let gone = [
        "/data/client: [redacted] → null",
        "/data/days: [redacted] → null",
        "/id: <id> → null",
        "/revision: 3 → null",
        "/state: qualified → null",
        "/type: pursuit → null",
    ];
    it.tells("DELETE /records/{record_id}", &path, Value::Null, &gone).await;
    let back = [
        "/data/client: null → [redacted]",
        "/data/days: null → [redacted]",
        "/id: null → <id>",
        "/revision: null → 5",
        "/state: null → qualified",
        "/type: null → pursuit",
    ];
    let (route, restore) = ("POST /deleted-records/{record_id}/restore", format!("/deleted-{}/restore", &path[1..]));
    it.tells(route, &restore, Value::Null, &back).await;
    it.tells(route, &restore, Value::Null, &[]).await;

    let (route, path) = ("PUT /record-types/{name}", "/record-types/order");
    let order = |label: &str| json!({ "label": label, "initial": "open", "states": [{ "name": "open", "label": "Open" }], "transitions": [] });
    let lines = [
        "/initial: null → open",
        "/label: null → Order",
        "/name: null → order",
        "/order: null → [\"open\"]",
        "/revision: null → 1",
        "/states/open/kind: null → open",
        "/states/open/label: null → Open",
        "/states/open/name: null → open",
        "/transitions: null → {}",
    ];
    it.tells(route, path, order("Order"), &lines).await;
    it.tells_of(route, path, order("Orders"), 1, &["/label: Order → Orders", "/revision: 1 → 2"]).await;
    it.tells_of(route, path, order("Order"), 2, &["/label: Orders → Order", "/revision: 2 → 3"]).await;
    let gone: Vec<String> =
        reversed(&lines).into_iter().map(|line| line.replace("revision: 1", "revision: 3")).collect();
    it.tells("DELETE /record-types/{name}", path, Value::Null, &texts(&gone)).await;
}

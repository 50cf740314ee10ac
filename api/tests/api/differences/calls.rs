//! Each route that changes something, called once or more, with the lines that it has to tell.

use capstan_domain::access::Role;
use serde_json::{Value, json};

use super::{CANARY, Changer, id, reversed, texts};
use crate::matrix::triggered;
use crate::people::{PASSWORD, mail, member, session};

pub(super) async fn workflows(it: &mut Changer) {
    let new = json!({ "name": "Orders", "graph": triggered() });
    let lines = ["/id: null → <id>", "/name: null → Orders", "/revision: null → 1"];
    let workflow = id(&it.tells("POST /workflows", "/workflows", new, &lines).await);
    let path = format!("/workflows/{workflow}");
    for (name, lines) in [
        (" Orders of today ", &["/name: Orders → Orders of today"][..]),
        ("Orders of today", &[]),
        ("Orders", &["/name: Orders of today → Orders"]),
    ] {
        let route = "POST /workflows/{workflow_id}/rename";
        it.tells(route, &format!("{path}/rename"), json!({ "name": name }), lines).await;
    }
    let draft = json!({ "graph": triggered() });
    let route = "PUT /workflows/{workflow_id}/draft";
    it.tells_of(route, &format!("{path}/draft"), draft, 1, &["/revision: 1 → 2"]).await;
    let (route, publish) = ("POST /workflows/{workflow_id}/publish", format!("{path}/publish"));
    let first = json!({ "name": "first", "note": "why" });
    let lines = ["/published: null → 1", "/version/name: null → first", "/version/note: null → why"];
    it.tells(route, &publish, first, &lines).await;
    it.tells(route, &publish, json!({}), &["/published: 1 → 2"]).await;
    let (pause, resume) =
        (["/paused: false → true", "/reason: null → night"], ["/paused: true → false", "/reason: night → null"]);
    for (of, route) in [(path.as_str(), "/workflows/{workflow_id}"), ("/workspace", "/workspace")] {
        let night = || json!({ "reason": "night" });
        it.tells(&format!("POST {route}/pause"), &format!("{of}/pause"), night(), &pause).await;
        it.tells(&format!("POST {route}/pause"), &format!("{of}/pause"), night(), &[]).await;
        it.tells(&format!("POST {route}/resume"), &format!("{of}/resume"), json!({}), &resume).await;
    }
    for (of, route) in [
        (format!("{path}/limits/executions"), "/workflows/{workflow_id}/limits/executions"),
        (format!("{path}/limits/key"), "/workflows/{workflow_id}/limits/key"),
        ("/limits/workspace".into(), "/limits/workspace"),
    ] {
        let put = format!("PUT {route}");
        it.tells(&put, &of, json!({ "slots_max": 5 }), &["/slots_max: null → 5"]).await;
        it.tells(&put, &of, json!({ "slots_max": 7 }), &["/slots_max: 5 → 7"]).await;
        it.tells(&format!("DELETE {route}"), &of, Value::Null, &["/slots_max: 7 → null"]).await;
    }
    let schedule = id(&it.found("/schedules").await["items"][0]);
    for (verb, body, lines) in [
        ("pause", json!({ "reason": "tuning" }), ["/reason: null → tuning", "/status: active → paused"]),
        ("resume", json!({}), ["/reason: tuning → null", "/status: paused → active"]),
    ] {
        let route = format!("POST /schedules/{{schedule_id}}/{verb}");
        it.tells(&route, &format!("/schedules/{schedule}/{verb}"), body, &lines).await;
    }
    // What is listed as silent tells nothing.
    let fired = it.send("POST", &format!("/schedules/{schedule}/fire"), &json!({}), 0).await;
    assert_eq!((fired.status.as_u16(), &it.newest().await["changes"]), (202, &Value::Null));
    let file = it.found(&format!("{path}/export")).await;
    let same = json!({ "workflows": [file.clone()] });
    it.tells("POST /workflows/import", "/workflows/import", same, &[]).await;
    let mut changed = file;
    changed["changed"] = true.into();
    let told = format!("/workflows/{workflow}/revision: 2 → 3");
    it.tells("POST /workflows/import", "/workflows/import", json!({ "workflows": [changed] }), &[&told]).await;
    let gone = ["/id: <id> → null", "/name: Orders → null"];
    it.tells("DELETE /workflows/{workflow_id}", &path, Value::Null, &gone).await;
    let (route, restore) =
        ("POST /deleted-workflows/{workflow_id}/restore", format!("/deleted-workflows/{workflow}/restore"));
    it.tells(route, &restore, Value::Null, &["/id: null → <id>", "/name: null → Orders"]).await;
    it.tells(route, &restore, Value::Null, &[]).await;
}

pub(super) async fn secrets(it: &mut Changer) {
    let fields = |no: u32| json!({ "token": format!("{CANARY}-{no}") });
    let lines = [
        "/allowed_hosts: null → [\"example.com\"]",
        "/fields_set: null → [\"token\"]",
        "/id: null → <id>",
        "/name: null → crm",
        "/secret: null → [redacted]",
        "/type: null → bearer",
    ];
    let new = json!({ "name": "crm", "type": "bearer", "allowed_hosts": ["example.com"], "fields": fields(1) });
    let path = format!("/credentials/{}", id(&it.tells("POST /credentials", "/credentials", new, &lines).await));
    let replaced = json!({ "allowed_hosts": ["example.com", "example.org"], "fields": fields(2) });
    let told =
        ["/allowed_hosts: [\"example.com\"] → [\"example.com\",\"example.org\"]", "/secret: [redacted] → [changed]"];
    it.tells("PUT /credentials/{credential_id}", &path, replaced, &told).await;
    let route = "POST /credentials/{credential_id}/rename";
    it.tells(route, &format!("{path}/rename"), json!({ "name": "crm-2" }), &["/name: crm → crm-2"]).await;
    let gone = reversed(&lines).join("\n").replace("[\"example.com\"]", "[\"example.com\",\"example.org\"]");
    let gone = gone.replace("crm", "crm-2");
    it.tells("DELETE /credentials/{credential_id}", &path, Value::Null, &gone.lines().collect::<Vec<_>>()).await;
    // A secret that got into a name is taken out there, too.
    let named =
        json!({ "name": CANARY, "type": "bearer", "allowed_hosts": ["example.com"], "fields": { "token": CANARY } });
    let lines = lines.map(|line| if line.starts_with("/name") { "/name: null → [redacted]" } else { line });
    it.tells("POST /credentials", "/credentials", named, &lines).await;

    let lines = ["/id: null → <id>", "/name: null → shop", "/secret: null → [redacted]"];
    let new = json!({ "name": "shop", "secret": CANARY });
    let secret = id(&it.tells("POST /hook-secrets", "/hook-secrets", new, &lines).await);
    let route = "DELETE /hook-secrets/{hook_secret_id}";
    it.tells(route, &format!("/hook-secrets/{secret}"), Value::Null, &texts(&reversed(&lines))).await;

    let key = json!({ "name": "ci", "scopes": ["workflows.read"], "expires_at": "2100-01-01T00:00:00Z" });
    let lines =
        ["/expires_at: null → <time>", "/id: null → <id>", "/name: null → ci", "/scopes: null → [\"workflows.read\"]"];
    let key = it.tells("POST /keys", "/keys", key, &lines).await;
    it.secrets.push(key["key"].as_str().unwrap().into());
    it.tells("DELETE /keys/{key_id}", &format!("/keys/{}", id(&key)), Value::Null, &texts(&reversed(&lines))).await;
}

pub(super) async fn webhooks(it: &mut Changer) {
    let lines = [
        "/asymmetric: null → false",
        "/concurrency: null → 10",
        "/description: null → ",
        "/id: null → <id>",
        "/ordered: null → false",
        "/secret: null → [redacted]",
        "/status: null → enabled",
        "/types: null → [\"*\"]",
        "/url: null → https://example.com/in?token=redacted",
    ];
    let new = json!({ "url": format!("https://example.com/in?token={CANARY}"), "types": ["*"] });
    let made = it.tells("POST /webhook-endpoints", "/webhook-endpoints", new, &lines).await;
    it.secrets.push(made["secret"].as_str().unwrap().into());
    let (path, route) = (format!("/webhook-endpoints/{}", id(&made)), "/webhook-endpoints/{endpoint_id}");
    let filter = "event.data.status == 'failed'";
    let other =
        json!({ "url": "https://example.com/new", "types": ["execution.failed"], "filter": filter, "rate_per_s": 5 });
    let told = [
        "/filter: null → event.data.status == 'failed'",
        "/rate_per_s: null → 5",
        "/types: [\"*\"] → [\"execution.failed\"]",
        "/url: https://example.com/in?token=redacted → https://example.com/new",
    ];
    it.tells(&format!("PUT {route}"), &path, other, &told).await;
    for (verb, body, told) in [
        ("disable", json!({ "reason": "silence" }), vec!["/reason: null → silence", "/status: enabled → disabled"]),
        ("enable", json!({}), vec!["/reason: silence → null", "/status: disabled → enabled"]),
        ("rotate", json!({}), vec!["/secret: [redacted] → [changed]"]),
    ] {
        let answer = it.tells(&format!("POST {route}/{verb}"), &format!("{path}/{verb}"), body, &told).await;
        it.secrets.extend(answer["secret"].as_str().map(str::to_owned));
    }
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["client".into()]).unwrap().self_signed(&key).unwrap();
    let (pem, private) = (certificate.pem(), key.serialize_pem());
    it.secrets.push(private.lines().nth(1).unwrap().into());
    let (certificate, of) = (format!("{path}/client-certificate"), format!("{route}/client-certificate"));
    let both = json!({ "certificate": pem, "private_key": private });
    it.tells(&format!("PUT {of}"), &certificate, both, &["/client_certificate: null → <hash>"]).await;
    it.tells(&format!("DELETE {of}"), &certificate, Value::Null, &["/client_certificate: <hash> → null"]).await;
    let gone = [
        "/asymmetric: false → null",
        "/concurrency: 10 → null",
        "/description:  → null",
        "/filter: event.data.status == 'failed' → null",
        "/id: <id> → null",
        "/ordered: false → null",
        "/rate_per_s: 5 → null",
        "/secret: [redacted] → null",
        "/status: enabled → null",
        "/types: [\"execution.failed\"] → null",
        "/url: https://example.com/new → null",
    ];
    it.tells(&format!("DELETE {route}"), &path, Value::Null, &gone).await;
}

pub(super) async fn leads(it: &mut Changer) {
    // Of a person the log has no values: nobody can be erased from it.
    it.secrets.extend(["ann@example.org".to_owned(), "Ann Lee".into(), "Lee Ltd".into()]);
    let new = json!({ "email": "ann@example.org", "name": "Ann Lee", "fields": { "budget": 5 } });
    let lines = [
        "/email: null → [redacted]",
        "/fields/budget: null → [redacted]",
        "/id: null → <id>",
        "/name: null → [redacted]",
        "/source: null → manual",
        "/status: null → new",
    ];
    let path = format!("/leads/{}", id(&it.tells("POST /leads", "/leads", new, &lines).await));
    let other = json!({ "company": "Lee Ltd", "source": "fair", "fields": { "budget": 7 } });
    let told = ["/company: null → [redacted]", "/fields/budget: [redacted] → [changed]", "/source: manual → fair"];
    it.tells("PATCH /leads/{lead_id}", &path, other, &told).await;
    let moved = json!({ "status": "qualified", "reason": "Ann Lee called" });
    let route = "POST /leads/{lead_id}/status";
    it.tells(route, &format!("{path}/status"), moved, &["/status: new → qualified"]).await;
    let gone = [
        "/company: [redacted] → null",
        "/email: [redacted] → null",
        "/fields/budget: [redacted] → null",
        "/id: <id> → null",
        "/name: [redacted] → null",
        "/source: fair → null",
        "/status: qualified → null",
    ];
    it.tells("DELETE /leads/{lead_id}", &path, Value::Null, &gone).await;
    let (route, lead) = ("POST /deleted-leads/{lead_id}/restore", path.trim_start_matches("/leads/").to_owned());
    let restore = format!("/deleted-leads/{lead}/restore");
    let back = [
        "/company: null → [redacted]",
        "/email: null → [redacted]",
        "/fields/budget: null → [redacted]",
        "/id: null → <id>",
        "/name: null → [redacted]",
        "/source: null → fair",
        "/status: null → qualified",
    ];
    it.tells(route, &restore, Value::Null, &back).await;
    it.tells(route, &restore, Value::Null, &[]).await;

    let mut pipeline = it.found("/lead-pipeline").await;
    pipeline.as_object_mut().unwrap().remove("revision");
    pipeline["states"][0]["label"] = "Fresh".into();
    pipeline["transitions"].as_array_mut().unwrap().push(json!({ "from": "lost", "to": "new" }));
    let told = [
        "/revision: 0 → 1",
        "/states/new/label: New → Fresh",
        "/transitions/lost → new/from: null → lost",
        "/transitions/lost → new/to: null → new",
    ];
    it.tells("PUT /lead-pipeline", "/lead-pipeline", pipeline, &told).await;
    let (route, field) = ("PUT /lead-fields/{name}", |label: &str| json!({ "label": label, "type": "text" }));
    let told = ["/label: null → Plan", "/name: null → plan", "/type: null → text"];
    it.tells(route, "/lead-fields/plan", field("Plan"), &told).await;
    it.tells(route, "/lead-fields/plan", field("Tier"), &["/label: Plan → Tier"]).await;
}

pub(super) async fn rules(it: &mut Changer) {
    let rule = |percent: u32| json!({ "kind": "failure_rate", "window_s": 3600, "percent": percent, "ended_min": 10 });
    let lines = [
        "/enabled: null → true",
        "/ended_min: null → 10",
        "/kind: null → failure_rate",
        "/mail: null → true",
        "/name: null → slow",
        "/percent: null → 50",
        "/window_s: null → 3600",
    ];
    it.tells("PUT /alert-rules/{name}", "/alert-rules/slow", rule(50), &lines).await;
    it.tells("PUT /alert-rules/{name}", "/alert-rules/slow", rule(60), &["/percent: 50 → 60"]).await;
    it.tells("PUT /alert-rules/{name}", "/alert-rules/slow", rule(50), &["/percent: 60 → 50"]).await;
    it.tells("DELETE /alert-rules/{name}", "/alert-rules/slow", Value::Null, &texts(&reversed(&lines))).await;
    let settings = json!({ "time_zone": "Europe/Berlin", "notifications": { "quota.soft": false } });
    let lines = ["/notifications/quota.soft: true → false", "/time_zone: UTC → Europe/Berlin"];
    it.tells("PUT /workspace/settings", "/workspace/settings", settings, &lines).await;
}

/// Automation rules, which are workflows, too.
pub(super) async fn automations(it: &mut Changer) {
    let rule = |status: &str, is_enabled: bool| {
        let config = json!({ "lead_id": "{{ input.data.lead.id }}", "status": status });
        let actions = json!([{ "type": "lead.set_status", "config": config }]);
        json!({ "name": "Greet", "event": "lead.created", "actions": actions, "enabled": is_enabled })
    };
    let actions = |status: &str| {
        let config = format!(r#"{{"lead_id":"{{{{ input.data.lead.id }}}}","status":"{status}"}}"#);
        format!(r#"[{{"config":{config},"type":"lead.set_status"}}]"#)
    };
    let (first, second) = (actions("qualified"), actions("booked"));
    let made = format!("/actions: null → {first}");
    let lines = [
        made.as_str(),
        "/enabled: null → true",
        "/event: null → lead.created",
        "/id: null → <id>",
        "/log_misses: null → false",
        "/name: null → Greet",
        "/version: null → 1",
        "/workflow_id: null → <id>",
    ];
    let path = format!("/rules/{}", id(&it.tells("POST /rules", "/rules", rule("qualified", true), &lines).await));
    let route = "PUT /rules/{rule_id}";
    it.tells_of(route, &path, rule("qualified", false), 1, &["/enabled: true → false"]).await;
    let changed = format!("/actions: {first} → {second}");
    it.tells_of(route, &path, rule("booked", false), 2, &[changed.as_str(), "/version: 1 → 2"]).await;
    let gone = reversed(&lines).join("\n").replace(&first, &second).replace("enabled: true", "enabled: false");
    let gone = gone.replace("version: 1", "version: 2");
    it.tells("DELETE /rules/{rule_id}", &path, Value::Null, &gone.lines().collect::<Vec<_>>()).await;
}

pub(super) async fn people(it: &mut Changer) {
    let invited = |role: &str| json!({ "email": "bob@example.org", "role": role });
    let lines =
        ["/email: null → bob@example.org", "/expires_at: null → <time>", "/id: null → <id>", "/role: null → viewer"];
    it.tells("POST /invitations", "/invitations", invited("viewer"), &lines).await;
    mail(&it.app, "bob@example.org", 1).await;
    let told = ["/expires_at: <time> → <time>", "/role: viewer → member"];
    let renewed = it.tells("POST /invitations", "/invitations", invited("member"), &told).await;
    mail(&it.app, "bob@example.org", 2).await;
    let gone = reversed(&lines).join("\n").replace("viewer", "member");
    let path = format!("/invitations/{}", id(&renewed));
    it.tells("DELETE /invitations/{invitation_id}", &path, Value::Null, &gone.lines().collect::<Vec<_>>()).await;

    it.tells("POST /invitations", "/invitations", invited("viewer"), &lines).await;
    let (_, token) = mail(&it.app, "bob@example.org", 3).await;
    it.secrets.push(token.clone());
    let accept = json!({ "token": token, "name": "Bob", "password": PASSWORD });
    let joined = it.app.post("/api/v1/invitations/accept", &accept).await;
    assert_eq!(joined.status, 201, "{}", joined.text());
    let lines = ["/email: null → bob@example.org", "/role: null → viewer", "/user_id: null → <id>"];
    it.has_told("POST /invitations/accept", &lines).await;
    let boss = std::mem::replace(&mut it.session, session(&joined));
    let left = it.send("POST", "/members/leave", &json!({}), 0).await;
    assert_eq!(left.status, 204, "{}", left.text());
    it.session = boss;
    it.has_told("POST /members/leave", &texts(&reversed(&lines))).await;

    for email in ["ada@example.com", "eve@example.com"] {
        member(&it.app, it.app.acme, email, Role::Viewer).await;
    }
    let members = it.found("/members").await;
    let of = |email: &str| {
        members["items"].as_array().unwrap().iter().find(|it| it["email"] == email).unwrap()["user_id"].clone()
    };
    let (ada, eve) = (of("ada@example.com"), format!("/members/{}", of("eve@example.com").as_str().unwrap()));
    let route = "/members/{user_id}";
    it.tells(&format!("PUT {route}"), &eve, json!({ "role": "admin" }), &["/role: viewer → admin"]).await;
    let gone = ["/email: eve@example.com → null", "/role: admin → null", "/user_id: <id> → null"];
    it.tells(&format!("DELETE {route}"), &eve, Value::Null, &gone).await;
    let told = ["/owner: boss@example.com → ada@example.com"];
    it.tells("POST /workspace/transfer", "/workspace/transfer", json!({ "user_id": ada }), &told).await;
}

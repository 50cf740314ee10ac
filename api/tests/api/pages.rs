//! The page, the mailbox, health and metrics.

use axum::body::Body;
use axum::http::Request;
use capstan_api::metrics::catalogue::{Kind, METRICS};
use capstan_domain::mailbox::{MAILS_KEPT, NewMail, list_mails, store_mail};
use capstan_engine::store::connect::Role;
use serde_json::json;

use crate::support::{App, chain};

async fn show(app: &App, path: &str) -> crate::support::Answer {
    app.send(app.request("GET", path).header("accept", "text/html").body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_page_draws_the_newest_execution_without_inline_script_or_style() {
    let app = App::start().await;
    let empty = show(&app, "/").await.text();
    assert!(empty.contains("None yet"));
    let graph = chain(&[
        ("start", "trigger.manual", json!({})),
        ("x", "debug.noop", json!({ "output": "<script>alert(1)</script>" })),
    ]);
    let mut graph = graph;
    graph["nodes"][1]["data"]["label"] = json!("<b>bold & long enough to be cut off</b>");
    let id = app.begin(&app.publish(&graph).await).await;
    let answer = show(&app, "/").await;
    assert_eq!(answer.status, 200);
    let page = answer.text();
    assert!(page.contains("<svg class=\"graph\" role=\"img\"") && page.contains("data-node=\"x\""));
    assert!(page.contains(&format!("data-events=\"/api/v1/executions/{id}/events\"")));
    assert!(page.contains("node s-completed") && page.contains("node s-running") && page.contains("edge flow e-taken"));
    assert!(!page.contains("<b>bold") && !page.contains("<script>alert"));
    assert!(!page.contains("style=") && !page.contains("onclick"));
    assert_eq!(page.matches("<script").count(), 1);
    for (path, kind) in [("/assets/page.css", "text/css"), ("/assets/page.js", "text/javascript")] {
        let asset = app.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert!(asset.status == 200 && asset.header("content-type").unwrap().starts_with(kind), "{path}");
    }
}

#[tokio::test]
async fn one_signs_in_with_a_key_and_out_again() {
    let app = App::start().await;
    let page = app.send(Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, 401);
    assert!(page.text().contains("action=\"/session\""));
    let sign_in = |key: String, site: &'static str| {
        let request = Request::post("/session").header("content-type", "application/x-www-form-urlencoded");
        app.send(request.header("sec-fetch-site", site).body(Body::from(format!("key={key}"))).unwrap())
    };
    assert_eq!(sign_in("nonsense".into(), "same-origin").await.status, 401);
    assert_eq!(sign_in(app.key.clone(), "cross-site").await.verdict(), "403 cross_site");
    // On plain HTTP browsers say only which origin sends.
    for path in ["/session", "/session/end"] {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("host", "capstan.example").header("origin", "http://evil.example");
        let forged = app.send(request.body(Body::from(format!("key={}", app.key))).unwrap()).await;
        assert_eq!((forged.verdict().as_str(), forged.header("set-cookie")), ("403 cross_site", None), "{path}");
    }
    let signed_in = sign_in(app.key.clone(), "same-origin").await;
    assert_eq!((signed_in.status.as_u16(), signed_in.header("location")), (303, Some("/")));
    let cookie = signed_in.header("set-cookie").unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = app.send(Request::get("/").header("cookie", cookie).body(Body::empty()).unwrap()).await;
    assert!(page.status == 200 && page.text().contains("Sign out"));
    let out = app.send(Request::post("/session/end").body(Body::empty()).unwrap()).await;
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
}

fn mail(number: i64) -> NewMail {
    NewMail {
        message_id: format!("<{number}@test>"),
        sender: "Capstan <capstan@example.com>".into(),
        recipients: vec!["ada@example.com".into()],
        subject: format!("<Mail {number}>"),
        body_text: "Hello <Ada>".into(),
        body_html: Some("<script>alert(1)</script><p>Hello</p>".into()),
    }
}

#[tokio::test]
async fn the_mailbox_shows_mail_without_running_it() {
    let app = App::start().await;
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    store_mail(&mut worker, app.acme, &mail(1)).await.unwrap();
    store_mail(&mut worker, app.acme, &mail(1)).await.unwrap();
    let rows = list_mails(&mut worker, app.acme, 10).await.unwrap();
    assert_eq!(rows.len(), 1);
    let list = show(&app, "/dev/mail").await.text();
    assert!(list.contains("&lt;Mail 1&gt;") && !list.contains("<Mail"));
    let one = show(&app, &format!("/dev/mail/{}", rows[0].mail_id)).await.text();
    assert!(
        one.contains("Hello &lt;Ada&gt;")
            && one.contains("<iframe class=\"mail\" sandbox ")
            && !one.contains("<script>alert")
    );
    let without = App::start_with(|settings, _| settings.mail_sandbox = false).await;
    assert_eq!(show(&without, "/dev/mail").await.status, 404);
}

#[tokio::test]
async fn the_mailbox_keeps_the_newest_of_a_workspace() {
    let app = App::start().await;
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    for number in 0..MAILS_KEPT + 5 {
        store_mail(&mut worker, app.acme, &mail(number)).await.unwrap();
    }
    let rows = list_mails(&mut worker, app.acme, 1_000).await.unwrap();
    assert_eq!(rows.len(), usize::try_from(MAILS_KEPT).unwrap());
    assert_eq!(rows.last().unwrap().message_id, "<5@test>");
}

#[tokio::test]
async fn health_and_metrics_answer_without_a_key() {
    let app = App::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(app.send(Request::get(path).body(Body::empty()).unwrap()).await.status, 200, "{path}");
    }
    let metrics = app.send(Request::get("/metrics").body(Body::empty()).unwrap()).await.text();
    assert!(
        metrics.contains("capstan_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"}"),
        "{metrics}"
    );
    for metric in METRICS.iter().filter(|metric| metric.labels.is_empty() && metric.kind != Kind::Histogram) {
        let (name, help) = (metric.name, metric.help);
        assert!(metrics.contains(&format!("# HELP {name} {help}\n")), "{name}: {metrics}");
        assert!(metrics.lines().any(|line| line.starts_with(&format!("{name} "))), "{name} has a beginning: {metrics}");
    }
    let bucket = "capstan_http_request_duration_seconds_bucket{route=\"/healthz\",le=\"0.25\"}";
    assert!(metrics.contains(bucket), "{metrics}");
    assert!(!metrics.contains(&app.acme.to_string()));
}

#[tokio::test]
async fn without_its_database_the_process_says_so() {
    let app = App::start_with(|settings, _| {
        settings.control =
            capstan_engine::store::connect::Place::new("postgres://nobody@127.0.0.1:1/none", "control").unwrap();
    })
    .await;
    let ill = app.send(Request::get("/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!(ill.verdict(), "503 database_unavailable");
    let text = ill.text();
    assert!(ill.header("retry-after").is_some() && !text.contains("127.0.0.1") && !text.contains("nobody"), "{text}");
}

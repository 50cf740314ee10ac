//! A server that gives away whatever it is sent, in every form that it knows.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

#[derive(Default)]
struct Seen {
    heard: Vec<String>,
    refreshed: Vec<String>,
    calls: usize,
}

/// `/echo` answers 200 and `/fail` 400 with what it has heard, `/to/host` redirects there, `/token` is a token server, and
/// `/held/token` one that answers when it is let go.
pub(crate) struct Echo {
    pub(crate) address: String,
    seen: Arc<Mutex<Seen>>,
    gate: Arc<Notify>,
}

impl Echo {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let echo =
            Self { address: listener.local_addr().unwrap().to_string(), seen: Arc::default(), gate: Arc::default() };
        let (seen, gate) = (Arc::clone(&echo.seen), Arc::clone(&echo.gate));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&gate)));
            }
        });
        echo
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Secrets that came, in order.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.seen.lock().unwrap().heard.clone()
    }

    /// Refresh tokens that came, in order.
    pub(crate) fn refreshed(&self) -> Vec<String> {
        self.seen.lock().unwrap().refreshed.clone()
    }

    /// Lets one answer go that is held.
    pub(crate) fn let_go(&self) {
        self.gate.notify_one();
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen.lock().unwrap().calls
    }
}

/// The forms that the search looks for.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    let json = json!(secret).to_string();
    let mut percent = String::new();
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            percent.push(char::from(byte));
        } else {
            write!(percent, "%{byte:02X}").unwrap();
        }
    }
    vec![
        secret.into(),
        json[1..json.len() - 1].into(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        percent,
    ]
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Seen>>, gate: Arc<Notify>) {
    let mut request = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    let head_end = loop {
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
            _ => return,
        }
        if let Some(at) = request.windows(4).position(|end| end == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&request[..head_end]).into_owned();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let length: usize = header("content-length").and_then(|text| text.parse().ok()).unwrap_or_default();
    while request.len() < head_end + length {
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
            _ => return,
        }
    }
    let body = String::from_utf8_lossy(&request[head_end..]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let answer = answer(&path, header("authorization"), &body, &seen);
    if path.starts_with("/held/") {
        gate.notified().await;
    }
    let _ = stream.write_all(&answer).await;
}

fn answer(path: &str, authorization: Option<String>, body: &str, seen: &Mutex<Seen>) -> Vec<u8> {
    let mut seen = seen.lock().unwrap();
    seen.calls += 1;
    if let Some(host) = path.strip_prefix("/to/") {
        seen.heard.extend(authorization.as_deref().map(secret_of));
        return format!("HTTP/1.1 307 Go\r\nlocation: http://{host}/echo\r\ncontent-length: 0\r\n\r\n").into_bytes();
    }
    if path.ends_with("/token") {
        let form = url_pairs(body);
        seen.refreshed.extend(form.into_iter().find(|(name, _)| name == "refresh_token").map(|(_, value)| value));
        let number = seen.refreshed.len();
        let token = json!({"access_token": format!("access-{number}"), "expires_in": 3_600, "refresh_token": format!("refresh-{number}")});
        return response("200 OK", "", &token);
    }
    let in_query =
        path.split_once('?').and_then(|(_, query)| url_pairs(query).into_iter().find(|(name, _)| name == "key"));
    let secret = authorization.as_deref().map(secret_of).or(in_query.map(|(_, value)| value)).unwrap_or_default();
    if !secret.is_empty() {
        seen.heard.push(secret.clone());
    }
    let middle = secret.char_indices().nth(secret.chars().count() / 2).map_or(0, |(at, _)| at);
    let shown = json!({
        "forms": forms(&secret), secret.clone(): 1, "sentence": format!("you sent {secret}, did you not?"),
        "login": STANDARD.encode(format!("user:{secret}")), "cut": format!("you sent {}", &secret[..middle]),
    });
    let echoed = format!("x-echo: {}\r\n", STANDARD.encode(&secret));
    if path.starts_with("/fail") {
        let text = json!(format!("wrong: {secret} {}", shown));
        return response("400 Bad", &echoed, &text);
    }
    response("200 OK", &echoed, &shown)
}

fn secret_of(authorization: &str) -> String {
    let (scheme, rest) = authorization.split_once(' ').unwrap_or_default();
    if scheme != "Basic" {
        return rest.to_owned();
    }
    let login = String::from_utf8(STANDARD.decode(rest).unwrap()).unwrap();
    login.split_once(':').unwrap().1.to_owned()
}

fn url_pairs(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                byte => byte,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn response(status: &str, headers: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

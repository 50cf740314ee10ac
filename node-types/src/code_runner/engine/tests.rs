//! Code in the engine itself, without a process around it.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};

use super::*;
use crate::code_runner::protocol::Level;

/// Far more than any of this code takes, but for what never ends.
const PLENTY_MS: u64 = 60_000;
const SOON_MS: u64 = 50;
const LIMITS: Limits = Limits { timeout_ms: PLENTY_MS, memory_bytes: 16 << 20 };

fn job(code: &str, input: Value) -> Job {
    Job { code: code.into(), input, now_ms: 1_767_225_600_000, seed: 7 }
}

fn run(code: &str) -> Ended {
    evaluate(&job(code, Value::Null), &LIMITS, |_| true)
}

fn returned(code: &str) -> Value {
    match run(code) {
        Ended::Returned(value) => value,
        Ended::Failed(failure) => panic!("{code}: {failure:?}"),
    }
}

fn failed(code: &str) -> (Class, String) {
    match run(code) {
        Ended::Failed(Failure { class, reason }) => (class, reason),
        Ended::Returned(value) => panic!("{code}: {value}"),
    }
}

fn printed(code: &str) -> Vec<Line> {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&lines);
    let emit = move |line| {
        kept.borrow_mut().push(line);
        true
    };
    evaluate(&job(code, Value::Null), &LIMITS, emit);
    lines.take()
}

#[test]
fn code_returns_what_it_computes_from_its_input() {
    let input = json!({"lines": [{"price": 2.5, "count": 2}, {"price": 1, "count": 3}], "name": "Ä\u{1f600}"});
    let code = "const sum = input.lines.reduce((sum, line) => sum + line.price * line.count, 0); // a comment
                return { sum, hello: `Hello ${input.name}` } // and one at the end";
    let expected = json!({"sum": 8, "hello": "Hello Ä\u{1f600}"});
    assert_eq!(evaluate(&job(code, input), &LIMITS, |_| true), Ended::Returned(expected));
}

#[test]
fn promises_are_awaited() {
    for (code, expected) in [
        ("return await Promise.all([1, Promise.resolve(2)])", json!([1, 2])),
        ("return Promise.resolve('late')", json!("late")),
        ("let n = 0; for await (const x of [1, 2]) n += x; return n", json!(3)),
        ("return new Promise((done) => queueMicrotask(() => done(true)))", json!(true)),
    ] {
        assert_eq!(returned(code), expected, "{code}");
    }
    let (class, reason) = failed("await new Promise(() => {})");
    assert!(class == Class::Error && reason.contains("nothing will settle"), "{reason}");
}

#[test]
fn nothing_returned_is_null_and_the_rest_is_what_json_makes_of_it() {
    for (code, expected) in [
        ("", json!(null)),
        ("return undefined", json!(null)),
        ("return NaN", json!(null)),
        ("return { at: new Date(0), no: undefined, f() {} }", json!({"at": "1970-01-01T00:00:00.000Z"})),
        ("return '\\ud800'.length", json!(1)),
    ] {
        assert_eq!(returned(code), expected, "{code}");
    }
}

#[test]
fn what_json_cannot_hold_is_refused() {
    for code in [
        "return () => 1",
        "return Symbol('x')",
        "return 10n",
        "const a = {}; a.a = a; return a",
        "return { toJSON() { throw new Error('no') } }",
        "return '\\ud800'",
        "let deep = 1; for (let n = 0; n < 500; n++) deep = [deep]; return deep",
        "let deep = 1; for (let n = 0; n < 126; n++) deep = [deep]; return deep",
        "let deep = 1; for (let n = 0; n < 65; n++) deep = { deep }; return deep",
        "return 'x'.repeat(1 << 20)",
        "return 'ä'.repeat(600000)",
    ] {
        let (class, reason) = failed(code);
        assert!(class == Class::Output && reason.starts_with("the code returned "), "{code}: {class:?} {reason}");
    }
}

#[test]
fn what_is_thrown_is_told_with_its_line() {
    for (code, expected) in [
        ("\nthrow new TypeError('no')", "TypeError: no (line 2)"),
        ("const f = () => {\n  null.x\n}\n\nf()", "(line 2)"),
        ("await Promise.reject(new Error('later'))", "Error: later"),
        ("throw 'text'", "text"),
        ("throw { code: 7 }", "{\"code\":7}"),
        ("throw { toString() { throw 1 }, toJSON() { throw 2 } }", "[unprintable]"),
        ("const a = ;", "SyntaxError"),
        ("const f = () => f() + 1; f()", "RangeError"),
        ("JSON.parse('['.repeat(1e6))", "RangeError"),
    ] {
        let (class, reason) = failed(code);
        assert!(class == Class::Error && reason.contains(expected), "{code}: {class:?} {reason}");
    }
}

#[test]
fn the_world_outside_is_not_there() {
    for name in ["require", "fetch", "process", "Deno", "Bun", "std", "os", "XMLHttpRequest", "WebSocket", "setTimeout"]
    {
        assert_eq!(returned(&format!("return typeof {name}")), json!("undefined"), "{name}");
    }
    for name in ["performance", "WeakRef", "FinalizationRegistry", "WebAssembly", "navigator", "module", "scriptArgs"] {
        assert_eq!(returned(&format!("return typeof {name}")), json!("undefined"), "{name}");
    }
    for code in
        ["await import('fs')", "await import('/etc/passwd')", "import fs from 'fs'", "fetch('http://localhost')"]
    {
        assert_eq!(failed(code).0, Class::Error, "{code}");
    }
}

#[test]
fn chance_and_clock_are_the_same_in_every_attempt() {
    let code =
        "return [Math.random(), Math.random(), Date.now(), new Date(), Date(), new Date().getTimezoneOffset() * 0,
                new (class extends Date {})().getTime(), new (new Date().constructor)().getTime()]";
    let drawn = returned(code);
    assert_eq!(drawn, returned(code));
    assert_ne!(drawn[0], drawn[1]);
    assert!((0..2).all(|at| (0.0..1.0).contains(&drawn[at].as_f64().unwrap())));
    for at in [2, 6, 7] {
        assert_eq!(drawn[at], json!(1_767_225_600_000_i64), "{at}");
    }
    assert_eq!(drawn[3], json!("2026-01-01T00:00:00.000Z"));
    assert_eq!(
        returned("return [new Date(5).getTime(), Date.UTC(1970), new Date() instanceof Date]"),
        json!([5, 0, true])
    );
    let other = Job { seed: 8, ..job(code, Value::Null) };
    assert_ne!(evaluate(&other, &LIMITS, |_| true), Ended::Returned(drawn));
}

#[test]
fn code_without_end_is_interrupted() {
    let limits = Limits { timeout_ms: SOON_MS, ..LIMITS };
    for code in [
        "while (true) {}",
        "while (true) { try { while (true) {} } catch {} finally { continue } }",
        "const again = async () => { while (true) await null }; await again()",
        "/(a+)+$/.test('a'.repeat(40) + 'b')",
        "while (true) console.log('x')",
        "return 1 }); (() => { while (true) {}",
        "return { toJSON() { while (true) {} } }",
        "throw Object.assign(new Error(), { toString() { while (true) {} } })",
    ] {
        let ended = evaluate(&job(code, Value::Null), &limits, |_| true);
        let Ended::Failed(failure) = ended else { panic!("{code}: {ended:?}") };
        assert_eq!(failure.class, Class::Timeout, "{code}: {}", failure.reason);
    }
}

#[test]
fn code_that_wants_all_memory_gets_none() {
    for code in [
        "const all = []; while (true) all.push(new Array(1000).fill(7))",
        "const all = []; while (true) all.push('x'.repeat(1 << 20))",
        "const all = []; while (true) all.push(new Uint8Array(1 << 20))",
        "const all = []; while (true) all.push({})",
        "throw null",
        "new ArrayBuffer(1 << 30)",
        "globalThis.all = []; while (true) all.push({})",
    ] {
        let (class, reason) = failed(code);
        assert_eq!(class, Class::Memory, "{code}: {reason}");
    }
}

#[test]
fn the_console_has_levels_and_shows_what_it_is_given() {
    let code =
        "console.log('a', 1, { b: [2] }); console.info(); console.warn(undefined); console.error(new Error('no'));
                console.debug(1n, Symbol('s'), '\\ud800')";
    let lines = printed(code);
    let levels: Vec<Level> = lines.iter().map(|line| line.level).collect();
    assert_eq!(levels, [Level::Info, Level::Info, Level::Warn, Level::Error, Level::Debug]);
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!((texts[0], texts[1], texts[2]), ("a 1 {\"b\":[2]}", "", "undefined"));
    assert!(texts[3].starts_with("Error: no\n") && texts[4] == "1 Symbol(s) \u{fffd}", "{texts:?}");
}

#[test]
fn a_flood_of_lines_is_cut_off_with_a_marker() {
    let lines = printed("for (let n = 0; n < 1e5; n++) console.log(n)");
    assert_eq!(lines.len(), 991);
    let marker = lines.last().unwrap();
    assert!(marker.level == Level::Warn && marker.text.contains("further lines are dropped"), "{marker:?}");
    let lines = printed("for (let n = 0; n < 1000; n++) console.log('ä'.repeat(1e5))");
    let bytes: usize = lines.iter().map(|line| line.text.len()).sum();
    assert!(bytes < 220 * 1024 && lines.last().unwrap().text.contains("dropped"), "{bytes}");
}

#[test]
fn the_tools_around_the_code_cannot_be_turned_against_it() {
    let code = "String.prototype.slice = JSON.stringify = Reflect.construct = () => { throw new Error('taken') };
                Function.prototype.call = null; globalThis.Error = null;
                console.log({ a: 1 }); return [new Date().getTime(), Math.random() < 1]";
    assert_eq!(returned(code), json!([1_767_225_600_000_i64, true]));
    assert_eq!(printed(code)[0].text, "{\"a\":1}");
}

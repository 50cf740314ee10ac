//! Runs one piece of JavaScript in QuickJS, within its limits. It knows neither files nor network, and no clock but
//! its own.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use capstan_engine::core::attempt::{OUTPUT_BYTES_MAX, OUTPUT_DEPTH_MAX};
use rquickjs::context::intrinsic::{
    Date, Eval, Json, MapSet, Promise as Promises, Proxy, RegExp, RegExpCompiler, TypedArrays,
};
use rquickjs::function::Func;
use rquickjs::{Context, Ctx, Error, Function, Object, Promise, Runtime, Value as Js};

use super::console::{Console, LINE_CHARS_MAX};
use super::protocol::{Class, Ended, Failure, Job, Limits, Line, is_within};

/// Deepest stack of the code.
const STACK_BYTES_MAX: usize = 512 * 1024;
/// Lines that stand before the code in the function that is made of it.
const LINES_BEFORE: usize = 2;
/// How places in the code are named in a stack: those of calls, and else that of what does not parse.
const PLACES: [&str; 2] = ["(<input>:", "<input>:"];

/// No `performance`, `WeakRef` or `DOMException`: the first two tell of the machine.
type Builtins = (Date, Eval, RegExpCompiler, RegExp, Json, Proxy, MapSet, TypedArrays, Promises);

const PRELUDE: &str = include_str!("prelude.js");

/// Runs the code to its end. `emit` takes lines of the console; with false no more of them come.
pub fn evaluate(job: &Job, limits: &Limits, emit: impl Fn(Line) -> bool + 'static) -> Ended {
    match Run::new(limits, emit).and_then(|run| run.to_end(job)) {
        Ok(output) => Ended::Returned(output),
        Err(failure) => Ended::Failed(failure),
    }
}

/// An engine that runs once.
struct Run<'l> {
    context: Context,
    limits: &'l Limits,
    console: Rc<Console>,
    /// Whether the code was interrupted.
    late: Rc<Cell<bool>>,
}

impl<'l> Run<'l> {
    fn new(limits: &'l Limits, emit: impl Fn(Line) -> bool + 'static) -> Result<Self, Failure> {
        let runtime = Runtime::new().map_err(|_| Failure::large(limits))?;
        runtime.set_memory_limit(usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX));
        runtime.set_max_stack_size(STACK_BYTES_MAX);
        let late = Rc::new(Cell::new(false));
        let (told, deadline) = (Rc::clone(&late), Instant::now() + Duration::from_millis(limits.timeout_ms));
        runtime.set_interrupt_handler(Some(Box::new(move || {
            told.set(Instant::now() >= deadline);
            told.get()
        })));
        let context = Context::custom::<Builtins>(&runtime).map_err(|_| Failure::large(limits))?;
        Ok(Self { context, limits, console: Rc::new(Console::new(emit)), late })
    }

    fn to_end(&self, job: &Job) -> Result<serde_json::Value, Failure> {
        self.context.with(|js| {
            let tools = self.prepare(&js, job).map_err(|error| self.failure(&js, None, &error))?;
            let returned = self.run(&js, &tools, job).map_err(|error| self.failure(&js, Some(&tools), &error))?;
            match self.late.get() {
                true => Err(Failure::late(self.limits)),
                false => self.output(&js, &tools, returned),
            }
        })
    }

    /// Calls the prelude.
    fn prepare<'js>(&self, js: &Ctx<'js>, job: &Job) -> rquickjs::Result<Object<'js>> {
        let console = Rc::clone(&self.console);
        let emit = Func::from(move |level: String, text: String| console.write(&level, text));
        let random = Cell::new(job.seed);
        let random = Func::from(move || draw(&random));
        let prelude: Function<'js> = js.eval(PRELUDE)?;
        prelude.call((emit, random, job.now_ms as f64, LINE_CHARS_MAX))
    }

    /// What the code returns, once it has settled.
    fn run<'js>(&self, js: &Ctx<'js>, tools: &Object<'js>, job: &Job) -> rquickjs::Result<Js<'js>> {
        let input = js.json_parse(job.input.to_string())?;
        let run: Function<'js> = tools.get("run")?;
        let returned: Promise<'js> = run.call((job.code.as_str(), input))?;
        returned.finish()
    }

    /// What was returned, as JSON has it.
    fn output<'js>(&self, js: &Ctx<'js>, tools: &Object<'js>, value: Js<'js>) -> Result<serde_json::Value, Failure> {
        let refused = |why: String| Failure::new(Class::Output, format!("the code returned {why}"));
        if value.is_undefined() {
            return Ok(serde_json::Value::Null);
        }
        let json = js.json_stringify(value).map_err(|error| match self.failure(js, Some(tools), &error) {
            Failure { class: Class::Error, reason } => refused(format!("what JSON cannot hold: {reason}")),
            other => other,
        })?;
        let json = json.ok_or_else(|| refused("a function or a symbol, which JSON cannot hold".into()))?;
        let length = tools.get::<_, Function<'js>>("length").and_then(|length| length.call::<_, i32>((json.clone(),)));
        let too_large =
            || refused(format!("more than {OUTPUT_BYTES_MAX} bytes of JSON, which is the most that is kept"));
        if length.map_err(|error| self.failure(js, Some(tools), &error))? as usize > OUTPUT_BYTES_MAX {
            return Err(too_large());
        }
        let json = json.to_string().map_err(|error| self.failure(js, Some(tools), &error))?;
        if json.len() > OUTPUT_BYTES_MAX {
            return Err(too_large());
        }
        let too_deep =
            || refused(format!("a value nested more than {OUTPUT_DEPTH_MAX} deep, which is the most that is kept"));
        match serde_json::from_str(&json) {
            Ok(value) if is_within(&value, OUTPUT_DEPTH_MAX) => Ok(value),
            Ok(_) => Err(too_deep()),
            Err(error) if error.to_string().starts_with("recursion limit") => Err(too_deep()),
            Err(error) => Err(refused(format!("JSON that cannot be kept: {error}"))),
        }
    }

    /// What an error of the engine means.
    fn failure<'js>(&self, js: &Ctx<'js>, tools: Option<&Object<'js>>, error: &Error) -> Failure {
        let thrown = js.catch();
        if self.late.get() {
            return Failure::late(self.limits);
        }
        match error {
            Error::WouldBlock => Failure::new(
                Class::Error,
                "the code waits for a promise that nothing will settle: there are no timers and no network here",
            ),
            // The engine throws null where it has no memory for an error; nobody can tell that from the author's null.
            Error::Exception if thrown.is_null() => {
                let Failure { class, reason } = Failure::large(self.limits);
                Failure::new(class, format!("{reason}, or it threw null"))
            }
            // Without the tools nothing of the author's has run.
            Error::Exception => {
                let told = tools.and_then(|tools| told(tools, thrown, self.limits).ok());
                told.unwrap_or_else(|| self.broken())
            }
            _ => self.broken(),
        }
    }

    /// The engine could not go on, nor say why: it was late, or has no memory left even for an error.
    fn broken(&self) -> Failure {
        if self.late.get() { Failure::late(self.limits) } else { Failure::large(self.limits) }
    }
}

/// What was thrown, in words, with the line of the code where that is known.
fn told<'js>(tools: &Object<'js>, thrown: Js<'js>, limits: &Limits) -> rquickjs::Result<Failure> {
    let told: Function<'js> = tools.get("told")?;
    let [words, name, stack]: [String; 3] = {
        let told: Vec<String> = told.call((thrown,))?;
        told.try_into().map_err(|_| Error::Unknown)?
    };
    if name == "InternalError" && words.contains("out of memory") {
        return Ok(Failure::large(limits));
    }
    let place = line_in(&stack).map(|line| format!(" (line {line})")).unwrap_or_default();
    Ok(Failure::new(Class::Error, format!("{words}{place}")))
}

/// The innermost line of the code that a stack names.
fn line_in(stack: &str) -> Option<usize> {
    let (_, after) = PLACES.iter().find_map(|place| stack.split_once(place))?;
    let digits = after.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(after.len());
    after[..digits].parse::<usize>().ok()?.checked_sub(LINES_BEFORE)
}

/// The next number from 0 to 1: SplitMix64.
fn draw(state: &Cell<u64>) -> f64 {
    const BITS: u32 = f64::MANTISSA_DIGITS;
    state.set(state.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
    let mut word = state.get();
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^= word >> 31;
    (word >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
}

#[cfg(test)]
mod tests;

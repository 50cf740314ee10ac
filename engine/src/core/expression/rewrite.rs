//! Rewrites the tokens of one expression into the source that minijinja evaluates.
//!
//! Paths with constant keys become variables that are resolved beforehand, so that messages name what is
//! missing and only what is named gets converted. Behind each operand goes a guard filter that meters it:
//! minijinja's operators can be neither replaced nor bounded in any other way.

mod grammar;

use std::collections::BTreeSet;

use super::environment::{is_filter, is_test};
use super::error::Fault;
use super::filters::{FILTER_NAMES, TEST_NAMES};
use super::lex::{Kind, Token};
use super::resolve::{Key, Path};
use super::{NESTING_MAX, SLICES_MAX};
use grammar::{After, Frame, is_comparison, is_constant, is_operator_word, path};

/// The steps that a string names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Ids under `steps` and `errors`, sorted.
    pub steps: BTreeSet<String>,
    /// Whether it names the input of the execution.
    pub input: bool,
    /// Those of them of which a part is read, as in `steps.fetch.body`: that fails where the step is null. Not if the string
    /// looks at the step itself or its error, too, or says what to take instead.
    pub parts: BTreeSet<String>,
    /// Those of them that an expression is nothing but, and so may come to null.
    pub whole: BTreeSet<String>,
    /// Those of them that an expression looks at as such, be it null or not.
    tested: BTreeSet<String>,
}

impl References {
    pub(super) fn forget_tested(&mut self) {
        self.parts.retain(|id| !self.tested.contains(id));
        self.whole.retain(|id| !self.tested.contains(id));
    }
}

/// An expression ready to be compiled.
#[derive(Debug, Default)]
pub(super) struct Plan<'s> {
    /// What minijinja gets.
    pub(super) source: String,
    /// What variable `__v{n}` stands for.
    pub(super) paths: Vec<Path<'s>>,
    /// The expression is nothing but its first path.
    pub(super) is_path: bool,
    /// The paths of which a missing end fails the expression.
    required: BTreeSet<usize>,
    /// How often the text of an operand may be copied: the number of `~` and `+`.
    pub(super) copies: usize,
    /// Offsets in `source` and the offsets of the same token in the config string, ascending.
    marks: Vec<(usize, usize)>,
}

impl Plan<'_> {
    /// Where in the config string the byte `offset` of the rewritten source comes from.
    pub(super) fn origin(&self, offset: usize) -> usize {
        let after = self.marks.partition_point(|(rewritten, _)| *rewritten <= offset);
        after.checked_sub(1).map_or(0, |index| self.marks[index].1)
    }

    /// `is_test`: whether something depends on what it comes to.
    pub(super) fn references(&self, into: &mut References, is_test: bool) {
        into.input |= self.paths.iter().any(|path| path.root == "input");
        for (index, path) in self.paths.iter().enumerate().filter(|(_, it)| matches!(it.root, "steps" | "errors")) {
            let Some(Key::Name(id)) = path.keys.first() else { continue };
            into.steps.insert((*id).into());
            let kind = match path.keys.len() {
                _ if path.root == "errors" => &mut into.tested,
                1 if self.is_path && !is_test => &mut into.whole,
                1 => &mut into.tested,
                _ if self.required.contains(&index) => &mut into.parts,
                _ => continue,
            };
            kind.insert((*id).into());
        }
    }
}

/// # Errors
/// Names, filters, tests and calls that do not exist; too deep nesting. Other syntax is minijinja's to judge.
pub(super) fn rewrite<'s>(
    tokens: &[Token<'s>],
    start: usize,
    roots: &'static [&'static str],
) -> Result<Plan<'s>, Fault> {
    if tokens.is_empty() {
        return Err(Fault::new(start, "it is empty"));
    }
    let copies = tokens.iter().filter(|token| token.is("~") || token.is("+")).count().max(1);
    let plan = Plan { copies, ..Plan::default() };
    let mut rewriter = Rewriter {
        tokens,
        roots,
        next: 0,
        plan,
        frames: vec![Frame::default()],
        expects_operand: true,
        callable: false,
        unary: 0,
        slices: 0,
    };
    while rewriter.next < tokens.len() {
        rewriter.step()?;
    }
    let mut plan = rewriter.plan;
    plan.is_path = plan.paths.len() == 1 && path(tokens, 0).is_ok_and(|(_, length)| length == tokens.len());
    Ok(plan)
}

struct Rewriter<'t, 's> {
    tokens: &'t [Token<'s>],
    /// The names that exist at the top level.
    roots: &'static [&'static str],
    next: usize,
    plan: Plan<'s>,
    frames: Vec<Frame>,
    expects_operand: bool,
    /// The last token was the name of a filter or test, which may be followed by arguments.
    callable: bool,
    unary: usize,
    slices: usize,
}

impl<'s> Rewriter<'_, 's> {
    fn step(&mut self) -> Result<(), Fault> {
        let token = self.tokens[self.next];
        match token.kind {
            Kind::Name => self.name(token),
            Kind::Text | Kind::Number => {
                self.emit(token);
                // Texts that follow each other are one constant.
                let goes_on = token.kind == Kind::Text && self.peek().is_some_and(|next| next.kind == Kind::Text);
                if !goes_on {
                    self.operand_ends();
                }
                Ok(())
            }
            Kind::Op => self.op(token),
        }
    }

    fn name(&mut self, token: Token<'s>) -> Result<(), Fault> {
        let previous = self.next.checked_sub(1).map(|index| self.tokens[index]);
        if previous.is_some_and(|previous| previous.is("|")) {
            return self.callable(token, is_filter(token.text), "filter", FILTER_NAMES);
        }
        if is_operator_word(token.text) {
            return self.operator_word(token);
        }
        if is_constant(token.text) {
            self.emit_as(token, if token.text == "null" { "none" } else { token.text });
            self.operand_ends();
            return Ok(());
        }
        if self.peek_after().is_some_and(|next| next.is("=")) {
            self.emit(token);
            return Ok(());
        }
        if self.peek_after().is_some_and(|next| next.is("(")) {
            return Err(Fault::new(
                token.at,
                format!("there is no function {:?}; there are only filters, as in `value | length`", token.text),
            ));
        }
        if !self.roots.contains(&token.text) {
            return Err(Fault::new(
                token.at,
                format!("{:?} does not exist; there are: {}", token.text, self.roots.join(", ")),
            ));
        }
        let (path, length) = path(self.tokens, self.next)?;
        let known = self.plan.paths.iter().position(|known| known.root == path.root && known.keys == path.keys);
        let index = known.unwrap_or_else(|| {
            self.plan.paths.push(path);
            self.plan.paths.len() - 1
        });
        self.emit_as(token, &format!("__v{index}"));
        self.next += length - 1;
        if !self.says_what_instead() {
            self.plan.required.insert(index);
        }
        self.operand_ends();
        Ok(())
    }

    fn operator_word(&mut self, token: Token<'s>) -> Result<(), Fault> {
        self.emit(token);
        if token.text == "is" {
            if self.peek().is_some_and(|next| next.text == "not") {
                self.emit(self.tokens[self.next]);
            }
            return match self.peek() {
                Some(test) if test.kind == Kind::Name => self.callable(test, is_test(test.text), "test", TEST_NAMES),
                _ => Err(Fault::new(token.at, format!("`is` must be followed by one of: {}", TEST_NAMES.join(", ")))),
            };
        }
        self.unary(token, token.text == "not")
    }

    /// The name of a filter or test.
    fn callable(&mut self, token: Token<'s>, exists: bool, what: &str, all: &[&str]) -> Result<(), Fault> {
        if !exists {
            let all = all.iter().copied().filter(|name| !name.starts_with("__"));
            return Err(Fault::new(
                token.at,
                format!("there is no {what} {:?}; there are: {}", token.text, all.collect::<Vec<_>>().join(", ")),
            ));
        }
        self.emit(token);
        self.callable = self.peek().is_some_and(|next| next.is("("));
        if !self.callable {
            self.operand_ends();
        }
        Ok(())
    }

    fn op(&mut self, token: Token<'s>) -> Result<(), Fault> {
        match token.text {
            "(" | "[" | "{" => return self.open(token),
            ")" | "]" | "}" => return self.close(token),
            "." => return self.attribute(token),
            "*" | "**" if self.expects_operand => {
                return Err(Fault::new(token.at, format!("`{}` needs a value on its left", token.text)));
            }
            ":" if self.frame().is_subscript => {
                self.slices += 1;
                if self.slices > SLICES_MAX {
                    return Err(Fault::new(token.at, format!("an expression may hold {SLICES_MAX} slices at most")));
                }
            }
            _ => {}
        }
        let is_unary = self.expects_operand && token.is("-");
        self.emit(token);
        if !is_unary {
            self.frame().after = After::of(token.text);
        }
        self.unary(token, is_unary)
    }

    fn open(&mut self, token: Token<'s>) -> Result<(), Fault> {
        if token.is("(") && !self.expects_operand && !self.callable {
            return Err(Fault::new(
                token.at,
                "values cannot be called; there are only filters, as in `value | length`",
            ));
        }
        if self.frames.len() > NESTING_MAX {
            return Err(Fault::new(token.at, format!("brackets are nested more than {NESTING_MAX} deep")));
        }
        let is_subscript = token.is("[") && !self.expects_operand;
        self.emit(token);
        self.frames.push(Frame { opened_by: token.text.as_bytes()[0], is_subscript, after: After::Other });
        self.expects_operand = true;
        self.callable = false;
        Ok(())
    }

    fn close(&mut self, token: Token<'s>) -> Result<(), Fault> {
        let frame = self.frames.pop().unwrap_or_default();
        if self.frames.is_empty() || !frame.is_closed_by(token.text) {
            return Err(Fault::new(token.at, format!("`{}` closes nothing that is open here", token.text)));
        }
        self.emit(token);
        self.operand_ends();
        Ok(())
    }

    /// `.name` after something that is not a path, e.g. a bracket.
    fn attribute(&mut self, token: Token<'s>) -> Result<(), Fault> {
        self.emit(token);
        match self.peek() {
            Some(key) if key.kind != Kind::Op => {
                self.emit(key);
                self.operand_ends();
                Ok(())
            }
            _ => Err(Fault::new(token.at, "`.` must be followed by a name")),
        }
    }

    /// Notes that an operand must follow, and bounds runs of unary operators.
    fn unary(&mut self, token: Token<'s>, is_unary: bool) -> Result<(), Fault> {
        self.expects_operand = true;
        self.unary = if is_unary { self.unary + 1 } else { 0 };
        if self.unary > NESTING_MAX {
            return Err(Fault::new(token.at, format!("more than {NESTING_MAX} operators follow each other")));
        }
        Ok(())
    }

    /// Puts the guard behind the operand that has just been emitted, unless it goes on.
    fn operand_ends(&mut self) {
        self.expects_operand = false;
        self.callable = false;
        self.unary = 0;
        let next = self.peek();
        let next_text = next.map_or("", |next| if next.kind == Kind::Text { "" } else { next.text });
        let after = self.frame().after;
        let guard = match next_text {
            "." | "[" | "(" | "is" => return,
            "|" => {
                let filter = self.tokens.get(self.next + 1).map_or("", |filter| filter.text);
                if matches!(filter, "default" | "d") {
                    return;
                }
                "__defined"
            }
            "*" => "__number",
            _ if after == After::Multiply => "__number",
            "~" => "__text",
            _ if after == After::Concat => "__text",
            _ => "__value",
        };
        self.guard(guard);
        if next_text == "|" {
            return;
        }
        self.frame().after = After::Other;
        if after == After::Compare {
            self.guard("__right");
        }
        if is_comparison(next_text) {
            self.guard("__left");
        }
    }

    fn guard(&mut self, name: &str) {
        self.plan.source.push('|');
        self.plan.source.push_str(name);
    }

    /// Whether `| default(…)` or `is defined` follows.
    fn says_what_instead(&self) -> bool {
        let mut next = self.tokens[self.next..].iter();
        match next.next() {
            Some(pipe) if pipe.is("|") => next.next().is_some_and(|it| matches!(it.text, "default" | "d")),
            Some(is) if is.text == "is" => {
                next.find(|it| it.text != "not").is_some_and(|it| it.text.ends_with("defined"))
            }
            _ => false,
        }
    }

    fn frame(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// The token after the last one emitted.
    fn peek(&self) -> Option<Token<'s>> {
        self.tokens.get(self.next).copied()
    }

    /// The token after the current one, which is not yet emitted.
    fn peek_after(&self) -> Option<Token<'s>> {
        self.tokens.get(self.next + 1).copied()
    }

    fn emit(&mut self, token: Token<'s>) {
        self.emit_as(token, token.text);
    }

    fn emit_as(&mut self, token: Token<'s>, text: &str) {
        let is_tight = self.plan.source.ends_with('|') || token.is("|");
        if !is_tight && !self.plan.source.is_empty() {
            self.plan.source.push(' ');
        }
        self.plan.marks.push((self.plan.source.len(), token.at));
        self.plan.source.push_str(text);
        self.next += 1;
    }
}

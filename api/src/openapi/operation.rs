//! What one operation takes and answers, in one line.

use axum::handler::Handler;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::Api;
use crate::permit;

/// Makes the schema of a type, and notes what that refers to.
pub(super) type Make = fn(&mut SchemaGenerator) -> Schema;

/// One operation. Its method, path and permission are those with which its handler is registered.
pub(crate) struct Operation {
    pub(super) handler: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) query: Option<Make>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<(u16, Content)>,
    /// Statuses of problems beside those that every route of its kind may answer.
    pub(super) problems: Vec<u16>,
    /// Names of header parameters among the components.
    pub(super) headers: Vec<&'static str>,
    /// Names of headers of good answers among the components.
    pub(super) told: Vec<&'static str>,
}

pub(super) struct Body {
    pub(super) make: Make,
    pub(super) required: bool,
}

/// What a good answer holds.
pub(super) enum Content {
    Nothing,
    Json(Make),
    /// Server-sent events.
    Events,
    /// Lines of JSON.
    Lines,
    /// Lines of JSON, or a table.
    LinesOrTable,
}

/// The operation whose route calls `handler`.
pub(crate) fn op<H, T>(_handler: H, id: &'static str, summary: &'static str) -> Operation
where
    H: Handler<T, Api>,
    T: 'static,
{
    Operation {
        handler: permit::name_of::<H>(),
        id,
        summary,
        query: None,
        body: None,
        answers: Vec::new(),
        problems: Vec::new(),
        headers: Vec::new(),
        told: Vec::new(),
    }
}

impl Operation {
    /// Its query parameters are the fields of `T`.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(T::json_schema);
        self
    }

    /// It takes `T` as JSON.
    pub(super) fn takes<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Body { make: |generator| generator.subschema_for::<T>(), required: true });
        self
    }

    /// The same, or nothing.
    pub(super) fn may_take<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Body { make: |generator| generator.subschema_for::<T>(), required: false });
        self
    }

    /// It answers with this status and `T` as JSON.
    pub(super) fn gives<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answers.push((status, Content::Json(|generator| generator.subschema_for::<T>())));
        self
    }

    /// It answers with this status and no body.
    pub(super) fn gives_nothing(mut self, status: u16) -> Self {
        self.answers.push((status, Content::Nothing));
        self
    }

    /// It answers with server-sent events.
    pub(super) fn streams(mut self) -> Self {
        self.answers.push((200, Content::Events));
        self.header("LastEventId")
    }

    /// It answers with lines of JSON, and a link to the next ones.
    pub(super) fn gives_lines(mut self) -> Self {
        self.answers.push((200, Content::Lines));
        self.tells("Link")
    }

    /// It answers with lines of JSON, however many.
    pub(super) fn streams_lines(mut self) -> Self {
        self.answers.push((200, Content::Lines));
        self
    }

    /// It answers with lines of JSON, or with a table, however long.
    pub(super) fn gives_lines_or_table(mut self) -> Self {
        self.answers.push((200, Content::LinesOrTable));
        self
    }

    /// It answers with problems of these statuses, too.
    pub(super) fn refuses(mut self, statuses: &[u16]) -> Self {
        self.problems.extend(statuses);
        self
    }

    /// It takes an `Idempotency-Key`, and says of an answer that it was given before.
    pub(super) fn once(self) -> Self {
        self.header("IdempotencyKey").tells("IdempotentReplayed")
    }

    /// It takes this header, one of the components.
    pub(super) fn header(mut self, name: &'static str) -> Self {
        self.headers.push(name);
        self
    }

    /// Its good answers have this header, one of the components.
    pub(super) fn tells(mut self, name: &'static str) -> Self {
        self.told.push(name);
        self
    }
}

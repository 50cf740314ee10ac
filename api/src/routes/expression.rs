//! What an expression comes to with data that the request brings, while somebody writes it.

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use capstan_engine::core::expression::{self, ExpressionError, Names, Seen, Steps};
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::core::outcome::StepError;
use chrono::Utc;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::simulate::in_turn;
use crate::body::{self, BODY_BYTES_MAX};
use crate::problem::Problem;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PreviewExpression")]
pub(crate) struct Asked {
    /// A text of a config, with its braces.
    source: String,
    /// What the execution was started with; an empty object if absent.
    input: Option<Value>,
    /// Outputs of steps, by node; others are unknown.
    #[serde(default)]
    steps: Map<String, Value>,
    /// What this run of a container is about.
    item: Option<Value>,
    /// Its place, from 0.
    index: Option<u64>,
}

/// One of the two.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PreviewedExpression")]
pub(crate) struct Previewed {
    /// What it comes to; null, too, where there is an error.
    value: Value,
    error: Option<Flaw>,
}

/// Why it cannot be told.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExpressionFlaw")]
pub(crate) struct Flaw {
    detail: String,
    /// Within the text, from 1.
    line: usize,
    /// Within the line, in characters, from 1.
    column: usize,
}

/// `POST /expressions/preview {source, input?, steps?, item?, index?}`: 200 `{value, error}`, where `error` is null or
/// `{detail, line, column}`. Nothing is read or kept: the same evaluator as in a step, with the same limits.
pub(crate) async fn preview(request: Request) -> Result<Response, Problem> {
    let asked: Asked = body::typed(request, BODY_BYTES_MAX).await?;
    Ok(Json(in_turn(move || asked.evaluate()).await?).into_response())
}

impl Asked {
    fn evaluate(self) -> Previewed {
        let input = self.input.unwrap_or_else(|| json!({}));
        let (item, index) = (self.item.unwrap_or_default(), json!(self.index));
        let given = Given(&self.steps);
        let names = Names::new(&input, &given, ExecutionId(Uuid::nil()), Utc::now()).with_item(&item, &index);
        match expression::render(&Value::String(self.source), &names) {
            Ok(value) => Previewed { value, error: None },
            Err(error) => Previewed { value: Value::Null, error: Some(error.into()) },
        }
    }
}

impl From<ExpressionError> for Flaw {
    fn from(error: ExpressionError) -> Self {
        Self { detail: error.detail, line: error.line, column: error.column }
    }
}

/// Steps of which the request says what they gave.
struct Given<'a>(&'a Map<String, Value>);

impl Steps for Given<'_> {
    fn step(&self, id: &str) -> Seen<'_> {
        self.0.get(id).map_or(Seen::Unknown, Seen::Output)
    }

    fn error(&self, _id: &str) -> Option<&StepError> {
        None
    }

    fn ids(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

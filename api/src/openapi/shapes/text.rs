//! What is text in JSON, and has a form.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// The id of something that the server made.
pub(crate) struct Id;

/// A point in time (RFC 3339).
pub(crate) struct Time;

/// A day, as `2026-01-31`.
pub(crate) struct Date;

macro_rules! text {
    ($($name:ident $format:literal)*) => {
        $(impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        })*
    };
}

text! { Id "uuid" Time "date-time" Date "date" }

//! The query of a request: what a route knows of, and nothing else. A name that was mistyped is told, not ignored.

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::problem::Problem;

/// Longest part of a client's name of a parameter that is said back, in characters.
const NAME_CHARS_MAX: usize = 60;
/// The parameter that tells lists from other addresses.
const OF_LISTS: &str = "limit";
/// Parameters of lists that may be blank: words to look for, of which there are none then, and the value of a field, which may be so.
const MAY_BE_BLANK: [&str; 3] = ["q", "search", "value"];

/// The query as `T`, a struct whose fields are the parameters. 400 `unknown_parameter` for any other, 400 `nul_character` for a value
/// that the database has no text for, 400 `empty_parameter` for a list that is asked for by nothing, 400 `bad_query` for what does not
/// fit.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        read(&parts.uri).map(Self)
    }
}

fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let known = fields::<T>();
    let query = uri.query().unwrap_or_default();
    let unknown = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| !known.contains(&name.as_ref()));
    if let Some((name, _)) = unknown {
        let name: String = name.chars().take(NAME_CHARS_MAX).collect();
        let detail = format!("{name:?} is no query parameter of this address");
        let hint = match known {
            [] => "it takes none; leave the parameter out".to_owned(),
            _ => format!("it takes {}; correct the name, or leave the parameter out", known.join(", ")),
        };
        return Err(Problem::bad_request("unknown_parameter", detail, hint));
    }
    let with_nul = url::form_urlencoded::parse(query.as_bytes()).find(|(_, value)| value.contains('\0'));
    if let Some((name, _)) = with_nul {
        let detail = format!("the query parameter {name} holds a NUL character");
        return Err(Problem::bad_request("nul_character", detail, "remove the character"));
    }
    let is_blank = |name: &str, value: &str| value.trim().is_empty() && !MAY_BE_BLANK.contains(&name);
    let mut given = url::form_urlencoded::parse(query.as_bytes());
    if let Some((name, _)) = given.find(|(name, value)| known.contains(&OF_LISTS) && is_blank(name, value)) {
        let detail = format!("the query parameter {name} is empty");
        return Err(Problem::bad_request("empty_parameter", detail, "give it a value, or leave it out to list all"));
    }
    let read = axum::extract::Query::try_from_uri(uri).map(|axum::extract::Query(read)| read);
    read.map_err(|error| {
        let detail = format!("the query of the address cannot be read: {}", error.body_text());
        Problem::bad_request("bad_query", detail, "give each parameter once, with a value of its kind")
    })
}

/// The names of the fields of a struct, as it is read.
fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // It stops as soon as it has seen the names.
    let _ = T::deserialize(Fields(&mut fields));
    fields
}

/// Looks at the fields that are asked for, and has no values.
struct Fields<'f>(&'f mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("there are no values"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Asked {
        limit: Option<String>,
        #[serde(rename = "workflow_id")]
        workflow: Option<u8>,
    }

    fn of(query: &str) -> Result<Asked, Problem> {
        read(&format!("/list?{query}").parse().unwrap())
    }

    #[test]
    fn what_is_known_is_read() {
        for (query, limit, workflow) in
            [("", None, None), ("limit=5", Some("5"), None), ("workflow_id=7&limit=a%20b", Some("a b"), Some(7))]
        {
            let asked = of(query).unwrap();
            assert_eq!(asked, Asked { limit: limit.map(Into::into), workflow }, "{query}");
        }
    }

    #[test]
    fn what_is_unknown_is_named_with_what_is_known() {
        for query in ["lmit=5", "limit=5&lmit=6", "lmit"] {
            let problem = of(query).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.code), (400, "unknown_parameter"), "{query}");
            assert!(problem.detail.contains("\"lmit\""), "{}", problem.detail);
            assert!(problem.hint.contains("limit, workflow_id"), "{}", problem.hint);
        }
        assert_eq!(of("workflow=7").unwrap_err().code, "unknown_parameter", "the name in the code is no name");
    }

    #[test]
    fn where_there_are_no_parameters_each_is_unknown() {
        #[derive(Debug, Deserialize)]
        struct Nothing {}
        read::<Nothing>(&"/list".parse().unwrap()).unwrap();
        let problem = read::<Nothing>(&"/list?limit=5".parse().unwrap()).unwrap_err();
        assert_eq!((problem.code, &*problem.hint), ("unknown_parameter", "it takes none; leave the parameter out"));
    }

    #[test]
    fn a_nul_character_is_told_with_its_parameter() {
        for query in ["limit=%00", "workflow_id=7&limit=a%00b"] {
            let problem = of(query).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.code), (400, "nul_character"), "{query}");
            assert!(problem.detail.contains("parameter limit"), "{}", problem.detail);
        }
    }

    #[test]
    fn a_list_is_asked_for_by_something_or_not_at_all() {
        for query in ["workflow_id=", "limit", "limit=5&workflow_id=%20"] {
            let problem = of(query).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.code), (400, "empty_parameter"), "{query}");
        }
        #[derive(Debug, Deserialize)]
        struct Words {
            q: String,
            #[expect(dead_code, reason = "it tells that this is a list")]
            limit: Option<String>,
        }
        assert_eq!(read::<Words>(&"/list?q=".parse().unwrap()).unwrap().q, "");
        #[derive(Debug, Deserialize)]
        struct NoList {
            accept: String,
        }
        assert_eq!(read::<NoList>(&"/publish?accept=".parse().unwrap()).unwrap().accept, "");
    }

    #[test]
    fn what_does_not_fit_is_told() {
        for query in ["workflow_id=x", "limit=1&limit=2"] {
            let problem = of(query).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.code), (400, "bad_query"), "{query}");
        }
    }
}

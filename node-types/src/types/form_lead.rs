//! What a form makes of a submission for the leads of the workspace.

use capstan_domain::leads::{FieldKind, LeadPatch};
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::parts::problem;
use super::trigger_form::{Field, FieldType};

/// Which fields of a form say who somebody is. All others become custom values of the lead.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadMapping {
    /// Name of the field with the e-mail address, `email` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// That with the name, `name` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// That with the telephone number, `phone` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// That with the firm, `company` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Source of new leads; `form:` and the path of the form if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl LeadMapping {
    fn parts(&self) -> [(&'static str, &str); 4] {
        [("email", &self.email), ("name", &self.name), ("phone", &self.phone), ("company", &self.company)]
            .map(|(part, field)| (part, field.as_deref().unwrap_or(part)))
    }

    /// The fields of a form that become custom values, and what a custom field has to hold that takes all of what may be
    /// filled in there.
    pub fn values<'f>(&'f self, fields: &'f [Field]) -> impl Iterator<Item = (&'f Field, FieldKind)> {
        let parts = self.parts().map(|(_, field)| field);
        fields.iter().filter(move |field| !parts.contains(&field.name.as_str())).map(|field| {
            let kind = match field.field_type {
                FieldType::Number => FieldKind::Number,
                FieldType::Checkbox => FieldKind::Boolean,
                FieldType::Date => FieldKind::Date,
                FieldType::Text
                | FieldType::Email
                | FieldType::Select
                | FieldType::Textarea
                | FieldType::Tel
                | FieldType::Url => FieldKind::Text,
            };
            (field, kind)
        })
    }

    /// Source of new leads of the form at `path`.
    #[must_use]
    pub fn source_at(&self, path: &str) -> String {
        self.source.clone().unwrap_or_else(|| format!("form:{path}"))
    }

    /// What is written of a submission, which is the input of the execution; what was not filled in is left as it is.
    #[must_use]
    pub fn patch(&self, input: &Map<String, Value>, path: &str) -> LeadPatch {
        let mut fields: Map<String, Value> = input
            .iter()
            .filter(|(name, value)| !value.is_null() && !name.starts_with('_'))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let [email, name, phone, company] = self.parts().map(|(_, field)| match fields.remove(field) {
            Some(Value::String(text)) => Some(text),
            Some(other) => Some(other.to_string()),
            None => None,
        });
        let source = Some(self.source_at(path));
        LeadPatch { email, name, phone, company, source, fields, consented: false }
    }
}

/// What is wrong with the mapping of a form, as it is written.
pub(super) fn check(config: &Value) -> Vec<Problem> {
    let Some(mapping) = config.get("lead").and_then(|lead| LeadMapping::deserialize(lead).ok()) else {
        return Vec::new();
    };
    let fields = config.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = fields.iter().filter_map(|field| field.get("name")?.as_str()).collect();
    let written = [&mapping.email, &mapping.name, &mapping.phone, &mapping.company];
    let mut problems = Vec::new();
    for ((part, field), written) in mapping.parts().into_iter().zip(written) {
        if written.is_some() && !names.contains(&field) {
            let detail = format!("the form has no field {:?}", field.chars().take(60).collect::<String>());
            problems.push(problem("bad_form", &format!("/lead/{part}"), detail, "name a field of the form"));
        }
    }
    let source = LeadPatch { source: mapping.source.clone(), ..LeadPatch::default() };
    if let Some(flaw) = source.checked().err().and_then(|flaws| flaws.into_iter().next()) {
        problems.push(problem("bad_form", "/lead/source", flaw.detail, "write a short name, such as fair"));
    }
    if problems.is_empty() && mapping.parts().iter().all(|(_, field)| !names.contains(field)) {
        let detail = "no field of the form says who the lead is";
        problems.push(problem("bad_form", "/lead", detail, "add a field email, or name the fields that say who it is"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_submission_is_split_into_who_it_is_and_what_else_is_known() {
        let input = json!({ "email": "ada@example.com", "full_name": "Ada", "phone": 4711, "budget": 3, "vip": false,
            "plan": null, "_consent": "I agree" });
        let mapping = LeadMapping { name: Some("full_name".into()), ..LeadMapping::default() };
        let patch = mapping.patch(input.as_object().unwrap(), "contact");
        assert_eq!((patch.email.as_deref(), patch.name.as_deref()), (Some("ada@example.com"), Some("Ada")));
        assert_eq!((patch.phone.as_deref(), patch.source.as_deref()), (Some("4711"), Some("form:contact")));
        assert_eq!(Value::Object(patch.fields), json!({ "budget": 3, "vip": false }));
    }

    #[test]
    fn all_but_who_it_is_becomes_custom_values() {
        let field = |name: &str, kind: &str| json!({ "name": name, "label": "L", "type": kind });
        let fields = json!([
            field("mail", "email"),
            field("budget", "number"),
            field("vip", "checkbox"),
            field("due", "date"),
            field("email", "text"),
            field("phone", "tel")
        ]);
        let fields: Vec<Field> = serde_json::from_value(fields).unwrap();
        let mapping = LeadMapping { email: Some("mail".into()), ..LeadMapping::default() };
        let values: Vec<_> = mapping.values(&fields).map(|(field, kind)| (field.name.as_str(), kind)).collect();
        assert_eq!(
            values,
            [
                ("budget", FieldKind::Number),
                ("vip", FieldKind::Boolean),
                ("due", FieldKind::Date),
                ("email", FieldKind::Text)
            ]
        );
    }

    #[test]
    fn a_mapping_names_fields_that_are_there() {
        let found = |fields: &[&str], lead: Value| {
            let fields: Vec<Value> = fields.iter().map(|name| json!({ "name": name, "label": "L" })).collect();
            check(&json!({ "fields": fields, "lead": lead })).into_iter().map(|it| it.pointer).collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        assert_eq!(found(&["email"], json!({})), none);
        assert_eq!(found(&["mail"], json!({ "email": "mail" })), none);
        assert_eq!(found(&["mail", "email"], json!({ "email": "mall" })), ["/lead/email"]);
        assert_eq!(found(&["budget"], json!({})), ["/lead"]);
        for bad in [" ".to_owned(), "x".repeat(211)] {
            assert_eq!(found(&["email"], json!({ "source": bad })), ["/lead/source"]);
        }
        assert_eq!(found(&["email"], json!({ "source": "fair" })), none);
        assert_eq!(check(&json!({ "fields": [] })).len(), 0);
    }
}

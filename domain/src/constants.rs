//! Rules that others have to know before they ask: lengths, forms and words, each defined once where it is checked, and told here. The
//! document of the API has them as `x-rules`, and the editor's constants are generated from that.

use capstan_engine::core::compile::{LABEL_CHARS_MAX, NODE_ID_CHARS_MAX};
use capstan_engine::core::prove::{NOTE_CHARS_MAX, STEP_NOTE_CHARS_MAX};
use serde_json::{Value, json};

use crate::access::{
    KEY_NAME_CHARS, PASSWORD_CHARS, Page, Permission, REASON_CHARS_MAX, Role, SLUG_BYTES, SLUG_PATTERN,
    USER_NAME_CHARS, WORKSPACE_NAME_CHARS,
};
use crate::notifications::Kind;
use crate::platform::{SETTINGS, SettingKind};

/// All of them. Lengths are in characters.
#[must_use]
pub fn rules() -> Value {
    let chars = |(min, max): (usize, usize)| json!({ "chars_min": min, "chars_max": max });
    let of_setting = |name: &str| match SETTINGS.iter().find(|setting| setting.name == name).map(|it| it.kind) {
        Some(SettingKind::Text(chars_max) | SettingKind::Address(chars_max)) => json!({ "chars_max": chars_max }),
        _ => Value::Null,
    };
    json!({
        "slug": { "chars_min": SLUG_BYTES.start(), "chars_max": SLUG_BYTES.end(), "pattern": SLUG_PATTERN },
        "workspace_name": chars(WORKSPACE_NAME_CHARS),
        "user_name": chars(USER_NAME_CHARS),
        "key_name": chars(KEY_NAME_CHARS),
        "password": chars((*PASSWORD_CHARS.start(), *PASSWORD_CHARS.end())),
        "move_reason": { "chars_max": REASON_CHARS_MAX },
        "node_id": { "chars_max": NODE_ID_CHARS_MAX },
        "node_label": { "chars_max": LABEL_CHARS_MAX },
        "canvas_note": { "chars_max": NOTE_CHARS_MAX },
        "step_note": { "chars_max": STEP_NOTE_CHARS_MAX },
        "platform_notice": of_setting("notice"),
        "support_address": of_setting("support_address"),
        "roles": Role::ALL,
        "permissions": Permission::ALL.iter().map(permission).collect::<Vec<Value>>(),
        "pages": Page::ALL.iter().map(|page| json!({ "name": page, "title": page.title() })).collect::<Vec<Value>>(),
        "notification_kinds": Kind::ALL,
    })
}

fn permission(permission: &Permission) -> Value {
    json!({ "name": permission, "page": permission.page(), "least_role": permission.least_role() })
}

#[cfg(test)]
mod tests {
    use crate::access::is_slug;

    use super::*;

    #[test]
    fn the_rules_are_told_as_they_are_checked() {
        let rules = rules();
        let length = |name: &str, end: &str| usize::try_from(rules[name][end].as_u64().unwrap()).unwrap();
        for (chars, is_good) in [
            (length("slug", "chars_min") - 1, false),
            (length("slug", "chars_min"), true),
            (length("slug", "chars_max"), true),
            (length("slug", "chars_max") + 1, false),
        ] {
            assert_eq!(is_slug(&"x".repeat(chars)), is_good, "{chars}");
        }
        assert_eq!(rules["permissions"].as_array().unwrap().len(), Permission::ALL.len());
        assert!(rules["platform_notice"]["chars_max"].is_u64() && rules["support_address"]["chars_max"].is_u64());
    }
}

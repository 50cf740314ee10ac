//! What an author should know of forms that take leads: which of their fields will not be in the lead as they are.

use capstan_domain::leads::{
    FIELDS_MAX, FieldKind, FieldRow, SOURCE_REST, SOURCES_MAX, fields as known_fields, source_has_room,
};
use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::core::prove::{FINDINGS_MAX, Finding, Proof, Severity};
use capstan_engine::store::error::StoreError;
use capstan_node_types::types::{FormConfig, FormField, LeadMapping};
use serde::Deserialize;
use sqlx::PgConnection;

/// Adds what is found of the forms of a graph to its proof, with the workspace's custom fields and sources as they are now.
pub(in crate::routes) async fn form_findings(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    graph: &Graph,
    proof: &mut Proof,
) -> Result<(), StoreError> {
    let forms = graph.triggers().map(|ix| &graph.nodes[ix]).filter(|node| node.type_name == "trigger.form");
    let forms = forms.filter_map(|node| Some((node, FormConfig::deserialize(&node.config).ok()?)));
    let forms: Vec<(&Node, FormConfig)> = forms.filter(|(_, config)| config.lead.is_some()).collect();
    if forms.is_empty() {
        return Ok(());
    }
    let known = known_fields(&mut *connection, workspace_id).await?;
    for (node, config) in &forms {
        let Some(mapping) = &config.lead else { continue };
        let source = mapping.source_at(config.path.as_deref().unwrap_or_default());
        let mut found = of_fields(node, mapping, &config.fields, &known);
        if !source_has_room(&mut *connection, workspace_id, &source).await? {
            found.push(no_source(node));
        }
        proof.findings.extend(found);
    }
    proof.findings.sort_by_key(|finding| finding.severity);
    proof.findings.truncate(FINDINGS_MAX);
    Ok(())
}

fn of_fields(node: &Node, mapping: &LeadMapping, fields: &[FormField], known: &[FieldRow]) -> Vec<Finding> {
    let mut room = usize::try_from(FIELDS_MAX).unwrap_or(usize::MAX).saturating_sub(known.len());
    let finding = |(field, kind): (&FormField, FieldKind)| match known.iter().find(|known| known.name == field.name) {
        Some(known) if known.kind.takes_all_of(kind) => None,
        Some(known) => Some(other_type(node, field, known.kind)),
        None if room == 0 => Some(no_field(node, field)),
        None => {
            room -= 1;
            None
        }
    };
    mapping.values(fields).filter_map(finding).collect()
}

fn warning(node: &Node, code: &'static str, detail: String, hint: String) -> Finding {
    let node_id = Some(node.id.to_string());
    Finding { severity: Severity::Warning, code, node_id, edge_id: None, detail, hint, path: Vec::new() }
}

fn other_type(node: &Node, field: &FormField, kind: FieldKind) -> Finding {
    let (id, name, kind) = (node.id.to_string(), &field.name, kind.as_str());
    let becomes = match kind {
        "text" => "what is filled in is kept there as text".to_owned(),
        _ => format!("what is filled in and is no {kind} is kept in the history of the lead only"),
    };
    let detail =
        format!("the field {name:?} of form {id:?} has another type than the custom field of leads: {becomes}");
    let hint = format!("give the field the type {kind}, or another name");
    warning(node, "lead_field_type", detail, hint)
}

fn no_field(node: &Node, field: &FormField) -> Finding {
    let (id, name) = (node.id.to_string(), &field.name);
    let detail = format!(
        "the workspace has {FIELDS_MAX} custom fields, which is the most: the field {name:?} of form {id:?} is kept in the \
         history of the lead only"
    );
    warning(node, "lead_fields_full", detail, "give it the name of a custom field that is there".into())
}

fn no_source(node: &Node) -> Finding {
    let id = node.id.to_string();
    let detail = format!(
        "the workspace has {SOURCES_MAX} sources of leads, which is the most: leads of form {id:?} have the source \
         {SOURCE_REST:?}"
    );
    warning(node, "lead_sources_full", detail, "name one of the sources that are there".into())
}

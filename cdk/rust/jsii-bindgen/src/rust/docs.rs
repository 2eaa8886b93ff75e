//! jsii documentation as rustdoc.

use crate::spec::{Docs, Kind, Type};

/// The doc comment of a type, with its remarks.
pub(super) fn type_docs(r#type: &Type) -> String {
    let kind = match r#type.kind {
        Kind::Class => "class",
        Kind::Interface if r#type.datatype => "struct",
        Kind::Interface => "interface",
        Kind::Enum => "enum",
    };
    let fallback = format!("The {kind} `{}`.", r#type.fqn);
    rustdoc(&r#type.docs, &fallback, true, "")
}

/// The doc comment of a member.
pub(super) fn member_docs(docs: &Docs, fallback: &str) -> String {
    rustdoc(docs, fallback, false, "    ")
}

/// Doc comment lines, indented. `whole` adds the remarks, which types show and members do not.
fn rustdoc(docs: &Docs, fallback: &str, whole: bool, indent: &str) -> String {
    let mut text = docs.summary.clone().unwrap_or_else(|| fallback.to_owned());
    if let Some(remarks) = docs.remarks.as_deref().filter(|_| whole) {
        text.push_str("\n\n");
        text.push_str(remarks);
    }
    if let Some(default) = &docs.default {
        text.push_str("\n\nDefault: ");
        text.push_str(default.trim_start_matches("- "));
    }
    let mut out = String::new();
    let mut in_code = false;
    for line in text.trim().lines() {
        let mut line = line.trim_end().to_owned();
        if line.trim_start().starts_with("```") {
            // Examples are not Rust, and rustdoc would run what has no language.
            line = if in_code {
                "```".to_owned()
            } else {
                "```text".to_owned()
            };
            in_code = !in_code;
        } else if !in_code {
            // Four spaces would make code of it.
            let trimmed = line.trim_start();
            let spaces = (line.len() - trimmed.len()).min(3);
            line = format!("{}{trimmed}", &"   "[..spaces]);
        }
        out.push_str(indent);
        out.push_str(if line.is_empty() { "///" } else { "/// " });
        out.push_str(&line);
        out.push('\n');
    }
    if in_code {
        out.push_str(indent);
        out.push_str("/// ```\n");
    }
    if let Some(deprecated) = &docs.deprecated {
        out.push_str(&format!(
            "{indent}#[deprecated(note = {:?})]\n",
            deprecated.trim().replace('\n', " ")
        ));
    }
    out
}

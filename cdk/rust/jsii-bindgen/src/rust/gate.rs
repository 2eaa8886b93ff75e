//! Cargo features: what is compiled only when one of them is asked for.

use std::collections::{BTreeMap, BTreeSet};

/// The features any of which is enough. None at all means always.
pub(super) type Gate<'a> = BTreeSet<&'a str>;

/// What is needed by both is there when either is.
pub(super) fn either<'a>(one: &Gate<'a>, other: &Gate<'a>) -> Gate<'a> {
    if one.is_empty() || other.is_empty() {
        return Gate::new();
    }
    one.union(other).copied().collect()
}

/// Whether everything that is compiled with `inner` is compiled with `outer`.
pub(super) fn covers(outer: &Gate<'_>, inner: &Gate<'_>) -> bool {
    outer.is_empty() || (!inner.is_empty() && inner.is_subset(outer))
}

/// The attribute for one item; nothing if it is always compiled.
pub(super) fn attribute(gate: &Gate<'_>) -> String {
    let list: Vec<String> = gate
        .iter()
        .map(|feature| format!("feature = {feature:?}"))
        .collect();
    match list.as_slice() {
        [] => String::new(),
        [one] => format!("#[cfg({one})]\n"),
        several => format!("#[cfg(any({}))]\n", several.join(", ")),
    }
}

/// Items with their gates as one text: those that `around` covers as they are, the others in a module for each gate.
pub(super) fn modules<'a>(
    items: impl IntoIterator<Item = (Gate<'a>, String)>,
    around: &Gate<'_>,
    uses: &str,
) -> String {
    let mut open = String::new();
    let mut gated: BTreeMap<Gate<'a>, String> = BTreeMap::new();
    for (gate, text) in items {
        if covers(&gate, around) {
            open.push_str(&text);
        } else {
            gated.entry(gate).or_default().push_str(&text);
        }
    }
    for (gate, text) in gated {
        let name = gate
            .iter()
            .map(|feature| feature.replace('-', "_"))
            .collect::<Vec<_>>()
            .join("_or_");
        let attribute = attribute(&gate);
        open.push_str(&format!(
            "{attribute}mod with_{name} {{\n{uses}{text}}}\n{attribute}pub use with_{name}::*;\n"
        ));
    }
    open
}

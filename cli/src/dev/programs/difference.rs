//! Says in one line each what differs between two contracts of a server.

use std::collections::BTreeMap;

use serde_json::Value;

/// The lists of a contract and the word for their items.
const LISTS: [(&str, &str); 4] = [
    ("scopes", "scope"),
    ("tools", "tool"),
    ("settings", "setting"),
    ("resources", "AWS resource"),
];

/// The differences: `+ tool refund [orders.write]`, `- scope orders.cancel`, `~ tool createOrder [orders.write]`.
pub(super) fn differences(old: &Value, new: &Value) -> Vec<String> {
    let lists = LISTS.iter().flat_map(|(list, word)| {
        let (before, after) = (named(&old[*list]), named(&new[*list]));
        let gone = before.iter().filter(|(name, _)| !after.contains_key(*name));
        let gone = gone.map(|(name, _)| format!("- {word} {name}"));
        let other = after
            .iter()
            .filter_map(|(name, item)| match before.get(name) {
                None => Some(format!("+ {word} {}", described(name, item))),
                Some(known) if known != item => Some(format!("~ {word} {}", described(name, item))),
                Some(_) => None,
            });
        gone.chain(other).collect::<Vec<_>>()
    });
    let rest = (without_lists(old) != without_lists(new)).then(|| "~ server".to_owned());
    lists.chain(rest).collect()
}

fn named(list: &Value) -> BTreeMap<&str, &Value> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| Some((item["name"].as_str()?, item)))
        .collect()
}

fn described(name: &str, item: &Value) -> String {
    let scopes = item["scopes"].as_array();
    scopes.map_or_else(
        || name.to_owned(),
        |scopes| {
            let scopes: Vec<&str> = scopes.iter().filter_map(Value::as_str).collect();
            format!("{name} [{}]", scopes.join(" "))
        },
    )
}

fn without_lists(contract: &Value) -> Value {
    let mut rest = contract.clone();
    if let Value::Object(rest) = &mut rest {
        rest.retain(|name, _| !LISTS.iter().any(|(list, _)| list == name));
    }
    rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_what_is_new_what_is_gone_and_what_is_other() {
        let old = json!({
            "server": { "name": "shop" },
            "scopes": [{ "name": "orders.read" }, { "name": "orders.cancel" }],
            "tools": [{ "name": "getOrder", "scopes": ["orders.read"], "title": "Order" }],
        });
        let new = json!({
            "server": { "name": "shop" },
            "scopes": [{ "name": "orders.read" }, { "name": "orders.write" }],
            "tools": [
                { "name": "getOrder", "scopes": ["orders.read"], "title": "An order" },
                { "name": "refund", "scopes": ["orders.write"] },
            ],
        });
        assert_eq!(
            differences(&old, &new),
            [
                "- scope orders.cancel",
                "+ scope orders.write",
                "~ tool getOrder [orders.read]",
                "+ tool refund [orders.write]",
            ]
        );
        assert!(differences(&new, &new).is_empty());
        assert_eq!(
            differences(
                &new,
                &json!({ "server": { "name": "store" }, "scopes": new["scopes"], "tools": new["tools"] })
            ),
            ["~ server"]
        );
    }
}

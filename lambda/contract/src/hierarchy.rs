//! Expands OAuth scopes by the scopes that they include, and finds cycles among them.

use std::collections::{BTreeMap, BTreeSet};

use crate::Scope;

/// The OAuth scopes that other scopes include, by name: an access token with one scope counts as if it also had every
/// scope that this one includes, transitively.
///
/// It does not affect tokens, challenges and the authorization server: a challenge names the scope that a tool
/// declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeHierarchy {
    /// Only scopes that include others.
    included: BTreeMap<String, BTreeSet<String>>,
}

impl ScopeHierarchy {
    /// Builds the hierarchy from the declared scopes. [`Contract::problems`](crate::Contract::problems) refuses a
    /// cycle; here it ends where it began.
    #[must_use]
    pub fn new(scopes: &[Scope]) -> Self {
        let included = scopes
            .iter()
            .filter(|scope| !scope.includes.is_empty())
            .map(|scope| (scope.name.clone(), closure(scopes, scope)))
            .collect();
        Self { included }
    }

    /// These scopes and all scopes that they include.
    #[must_use]
    pub fn expand(&self, granted: &BTreeSet<String>) -> BTreeSet<String> {
        let more = granted.iter().filter_map(|name| self.included.get(name));
        granted
            .union(&more.flatten().cloned().collect())
            .cloned()
            .collect()
    }

    /// Whether no scope includes another.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.included.is_empty()
    }
}

/// All scopes that a scope includes, without itself.
fn closure(scopes: &[Scope], scope: &Scope) -> BTreeSet<String> {
    let mut included = BTreeSet::new();
    let mut open: Vec<&String> = scope.includes.iter().collect();
    while let Some(name) = open.pop() {
        if *name != scope.name && included.insert(name.clone()) {
            let next = scopes.iter().find(|scope| scope.name == *name);
            open.extend(next.into_iter().flat_map(|scope| &scope.includes));
        }
    }
    included
}

/// A path from this scope back to itself, which begins and ends with it.
pub(crate) fn cycle(scopes: &[Scope], start: &Scope) -> Option<Vec<String>> {
    let mut visited = BTreeSet::new();
    let mut open = vec![vec![start.name.clone()]];
    while let Some(path) = open.pop() {
        let end = scopes.iter().find(|scope| Some(&scope.name) == path.last());
        for name in end.into_iter().flat_map(|scope| &scope.includes) {
            let mut longer = path.clone();
            longer.push(name.clone());
            if *name == start.name {
                return Some(longer);
            }
            if visited.insert(name.clone()) {
                open.push(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ScopeHierarchy;
    use crate::Scope;

    fn hierarchy(scopes: &[(&str, &[&str])]) -> ScopeHierarchy {
        let scopes: Vec<Scope> = scopes
            .iter()
            .map(|(name, includes)| Scope {
                name: (*name).to_owned(),
                description: String::new(),
                includes: includes.iter().map(|name| (*name).to_owned()).collect(),
            })
            .collect();
        ScopeHierarchy::new(&scopes)
    }

    fn expand(hierarchy: &ScopeHierarchy, granted: &[&str]) -> String {
        let granted: BTreeSet<String> = granted.iter().map(|name| (*name).to_owned()).collect();
        let expanded: Vec<String> = hierarchy.expand(&granted).into_iter().collect();
        expanded.join(" ")
    }

    #[test]
    fn a_scope_gives_what_it_includes_and_nothing_upwards() {
        let dogs = hierarchy(&[
            ("read", &[]),
            ("write", &["read"]),
            ("admin", &["write"]),
            ("other", &[]),
        ]);
        for (granted, expanded) in [
            (["read"].as_slice(), "read"),
            (&["write"], "read write"),
            (&["admin"], "admin read write"),
            (&["other", "unknown"], "other unknown"),
            (&[], ""),
        ] {
            assert_eq!(expand(&dogs, granted), expanded, "{granted:?}");
        }
        let diamond = hierarchy(&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])]);
        assert_eq!(expand(&diamond, &["a"]), "a b c d");
        assert!(!dogs.is_flat() && hierarchy(&[("read", &[])]).is_flat());
    }
}

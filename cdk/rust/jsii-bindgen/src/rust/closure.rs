//! Which types the roots reach, and with which features.

use std::collections::{BTreeMap, BTreeSet};

use super::gate::Gate;
use super::input::{Input, is_low_level};
use crate::Error;
use crate::spec::{Type, TypeRef};

/// All types that the roots reach.
pub(super) struct Closure<'a> {
    /// Types that are generated.
    pub(super) types: BTreeMap<&'a str, &'a Type>,
    /// The features that each is compiled with.
    pub(super) gates: BTreeMap<&'a str, Gate<'a>>,
}

impl<'a> Closure<'a> {
    /// The closure of all roots, and for each type the features that reach it.
    pub(super) fn of(input: Input<'a>) -> Result<Self, Error> {
        let always = close(input, &input.options.roots)?;
        let mut types = BTreeMap::new();
        let mut gates: BTreeMap<&'a str, Gate<'a>> = BTreeMap::new();
        for (feature, roots) in &input.options.features {
            let low_level = |root: &&String| input.declared(root).is_some_and(is_low_level);
            if let Some(root) = roots.iter().find(low_level) {
                return Err(Error::new(format!(
                    "the low-level type '{root}' is a root of the feature '{feature}', and other types may need it without members: make it a root of all"
                )));
            }
            for (fqn, r#type) in close(input, roots)? {
                types.insert(fqn, r#type);
                gates.entry(fqn).or_default().insert(feature);
            }
        }
        for (fqn, r#type) in always {
            types.insert(fqn, r#type);
            gates.insert(fqn, Gate::new());
        }
        Ok(Self { types, gates })
    }
}

fn close<'a>(input: Input<'a>, roots: &[String]) -> Result<BTreeMap<&'a str, &'a Type>, Error> {
    let mut reached = BTreeMap::new();
    let mut pending = named_by(input, roots)?;
    while let Some(fqn) = pending.pop() {
        if reached.contains_key(fqn) || input.is_json(fqn) || input.is_external(fqn) {
            continue;
        }
        let Some(r#type) = input.declared(fqn) else {
            continue;
        };
        reached.insert(fqn, r#type);
        pending.extend(r#type.parents());
        if input.is_opaque(r#type) {
            continue;
        }
        r#type
            .uses()
            .into_iter()
            .for_each(|used| named(used, &mut pending));
    }
    Ok(reached)
}

fn named_by<'a>(input: Input<'a>, roots: &[String]) -> Result<Vec<&'a str>, Error> {
    let mut found = BTreeSet::new();
    for root in roots {
        let mut named = input.types_of(root).peekable();
        if named.peek().is_none() {
            return Err(Error::new(format!(
                "no type of the assembly fits the root '{root}': check its spelling"
            )));
        }
        found.extend(named.map(|r#type| r#type.fqn.as_str()));
    }
    Ok(found.into_iter().collect())
}

fn named<'a>(reference: &'a TypeRef, names: &mut Vec<&'a str>) {
    match reference {
        TypeRef::Primitive(_) => {}
        TypeRef::Fqn(fqn) => names.push(fqn),
        TypeRef::Collection { elementtype, .. } => named(elementtype, names),
        TypeRef::Union { types } => types.iter().for_each(|member| named(member, names)),
        TypeRef::Intersection { types } => {
            types.iter().take(1).for_each(|member| named(member, names))
        }
    }
}

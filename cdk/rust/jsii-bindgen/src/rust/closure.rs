//! Which types the roots reach, and with which features.

use std::collections::{BTreeMap, BTreeSet};

use super::gate::Gate;
use super::plan::Plan;
use crate::Error;
use crate::spec::{Type, TypeRef};

pub(super) fn matches(pattern: &str, fqn: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => fqn.starts_with(prefix),
        None => pattern == fqn,
    }
}

/// CloudFormation's own resource classes and their property bags: thousands, and rarely used manually.
pub(super) fn is_low_level(r#type: &Type) -> bool {
    let cfn = |name: &str| {
        name.strip_prefix("Cfn")
            .is_some_and(|rest| rest.starts_with(char::is_uppercase))
    };
    r#type.assembly == "aws-cdk-lib"
        && r#type
            .namespace
            .as_deref()
            .is_some_and(|namespace| namespace.split('.').any(cfn) || cfn(&r#type.name))
}

impl<'a> Plan<'a> {
    /// The closure of all roots, and for each type the features that reach it.
    pub(super) fn close_all(&mut self) -> Result<(), Error> {
        let always = self.close(&self.options.roots)?;
        let mut gates: BTreeMap<&'a str, Gate<'a>> = BTreeMap::new();
        for (feature, roots) in &self.options.features {
            let low_level = |root: &&String| self.declared(root).is_some_and(is_low_level);
            if let Some(root) = roots.iter().find(low_level) {
                return Err(Error::new(format!(
                    "the low-level type '{root}' is a root of the feature '{feature}', and other types may need it without members: make it a root of all"
                )));
            }
            for (fqn, r#type) in self.close(roots)? {
                self.types.insert(fqn, r#type);
                gates.entry(fqn).or_default().insert(feature);
            }
        }
        for (fqn, r#type) in always {
            self.types.insert(fqn, r#type);
            gates.insert(fqn, Gate::new());
        }
        self.gates = gates;
        Ok(())
    }

    fn close(&self, roots: &[String]) -> Result<BTreeMap<&'a str, &'a Type>, Error> {
        let mut reached = BTreeMap::new();
        let mut pending = self.named_by(roots)?;
        while let Some(fqn) = pending.pop() {
            if reached.contains_key(fqn) || self.is_json(fqn) || self.is_external(fqn) {
                continue;
            }
            let Some(r#type) = self.declared(fqn) else {
                continue;
            };
            reached.insert(fqn, r#type);
            pending.extend(
                r#type
                    .base
                    .iter()
                    .chain(&r#type.interfaces)
                    .map(String::as_str),
            );
            if self.is_opaque(r#type) {
                continue;
            }
            let mut used = Vec::new();
            for callable in r#type.methods.iter().chain(&r#type.initializer) {
                used.extend(
                    callable
                        .parameters
                        .iter()
                        .map(|parameter| &parameter.r#type),
                );
                used.extend(callable.returns.iter().map(|returns| &returns.r#type));
            }
            used.extend(r#type.properties.iter().map(|property| &property.r#type));
            used.into_iter().for_each(|used| named(used, &mut pending));
        }
        Ok(reached)
    }

    fn named_by(&self, roots: &[String]) -> Result<Vec<&'a str>, Error> {
        let mut found = BTreeSet::new();
        for root in roots {
            let mut known = false;
            for assembly in self.assemblies.values() {
                let fits = assembly
                    .types
                    .values()
                    .filter(|r#type| matches(root, &r#type.fqn));
                // A pattern means what people write manually; low-level types are asked for by name.
                for r#type in fits.filter(|r#type| !root.ends_with('*') || !is_low_level(r#type)) {
                    known = true;
                    found.insert(r#type.fqn.as_str());
                }
            }
            if !known {
                return Err(Error::new(format!(
                    "no type of the assembly fits the root '{root}': check its spelling"
                )));
            }
        }
        Ok(found.into_iter().collect())
    }
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

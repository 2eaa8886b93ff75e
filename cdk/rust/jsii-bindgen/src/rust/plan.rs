//! What is generated: the closure of the roots, and what each type needs.

use std::collections::{BTreeMap, BTreeSet};

use super::closure::Closure;
use super::gate::Gate;
use super::input::Input;
use crate::Error;
use crate::spec::{Callable, Kind, Optional, Type, TypeRef};

/// Everything that the emitters ask.
pub(super) struct Plan<'a> {
    pub(super) input: Input<'a>,
    /// The assembly that was asked for; the installed version must be its version.
    pub(super) main: &'a str,
    /// Types that are generated.
    pub(super) types: BTreeMap<&'a str, &'a Type>,
    /// The features that types and unions are compiled with.
    pub(super) gates: BTreeMap<&'a str, Gate<'a>>,
    pub(super) union_gates: BTreeMap<Vec<TypeRef>, Gate<'a>>,
    /// Structs and unions that JavaScript hands to Rust.
    pub(super) received: BTreeSet<&'a str>,
    pub(super) received_unions: BTreeSet<Vec<TypeRef>>,
    /// Unions by their members, with the name given to each.
    pub(super) unions: BTreeMap<Vec<TypeRef>, String>,
    /// Structs that are the last argument of a constructor.
    pub(super) props: BTreeSet<&'a str>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(input: Input<'a>, main: &'a str) -> Result<Self, Error> {
        let Closure { types, gates } = Closure::of(input)?;
        let mut plan = Self {
            input,
            main,
            types,
            gates,
            union_gates: BTreeMap::new(),
            received: BTreeSet::new(),
            received_unions: BTreeSet::new(),
            unions: BTreeMap::new(),
            props: BTreeSet::new(),
        };
        plan.find_props();
        plan.find_received();
        plan.find_unions();
        Ok(plan)
    }

    /// The features that a type is compiled with.
    pub(super) fn gate(&self, r#type: &Type) -> Gate<'a> {
        self.gates
            .get(r#type.fqn.as_str())
            .cloned()
            .unwrap_or_default()
    }

    fn find_props(&mut self) {
        for r#type in self.types.values().copied() {
            let last = r#type
                .initializer
                .as_ref()
                .and_then(|init| init.parameters.last());
            let last = last.and_then(|parameter| self.as_struct(&parameter.r#type));
            if let (Some(props), false) = (last, r#type.r#abstract) {
                self.props.insert(&props.fqn);
            }
        }
    }

    /// The struct that a type reference names, if it is one that is generated.
    pub(super) fn as_struct(&self, reference: &TypeRef) -> Option<&'a Type> {
        match reference {
            TypeRef::Fqn(fqn) => self
                .types
                .get(fqn.as_str())
                .copied()
                .filter(|found| found.datatype),
            TypeRef::Primitive(_)
            | TypeRef::Collection { .. }
            | TypeRef::Union { .. }
            | TypeRef::Intersection { .. } => None,
        }
    }

    fn find_received(&mut self) {
        let types: Vec<&'a Type> = self.types.values().copied().collect();
        for r#type in types
            .into_iter()
            .filter(|r#type| r#type.kind != Kind::Enum && !r#type.datatype)
        {
            if self.input.is_opaque(r#type) {
                continue;
            }
            let from_script =
                r#type.kind == Kind::Interface || self.input.is_overridable(&r#type.fqn);
            for property in &r#type.properties {
                self.receive(&property.r#type);
            }
            for method in &r#type.methods {
                if let Some(Optional {
                    r#type: returned, ..
                }) = &method.returns
                {
                    self.receive(returned);
                }
                if from_script {
                    method
                        .parameters
                        .iter()
                        .for_each(|parameter| self.receive(&parameter.r#type));
                }
            }
        }
    }

    fn receive(&mut self, reference: &'a TypeRef) {
        match reference {
            TypeRef::Primitive(_) => {}
            TypeRef::Fqn(fqn) => {
                let found = self.types.get(fqn.as_str()).copied();
                if let Some(found) = found.filter(|found| found.datatype)
                    && self.received.insert(&found.fqn)
                {
                    for member in self.members_of(found) {
                        self.receive(&member.r#type);
                    }
                }
            }
            TypeRef::Collection { elementtype, .. } => self.receive(elementtype),
            TypeRef::Union { types } => {
                if let Some(key) = self.union_key(types)
                    && self.received_unions.insert(key)
                {
                    types.iter().for_each(|member| self.receive(member));
                }
            }
            TypeRef::Intersection { types } => {
                types.iter().take(1).for_each(|member| self.receive(member))
            }
        }
    }

    /// All ancestors of a type, itself not included: base classes and interfaces, in a stable order.
    pub(super) fn ancestors(&self, r#type: &'a Type) -> Vec<&'a str> {
        let mut found: Vec<&'a str> = Vec::new();
        let mut pending: Vec<&'a str> = r#type.parents().collect();
        while let Some(fqn) = pending.pop() {
            if found.contains(&fqn) {
                continue;
            }
            found.push(fqn);
            if let Some(parent) = self.input.declared(fqn) {
                pending.extend(parent.parents());
            }
        }
        found.sort_unstable();
        found
    }

    /// The members of a struct with those it inherits, each once, by name.
    pub(super) fn members_of(&self, r#type: &'a Type) -> Vec<&'a crate::spec::Property> {
        let mut members = BTreeMap::new();
        for each in self.with_ancestors(r#type) {
            members.extend(each.properties.iter().map(|it| (it.name.as_str(), it)));
        }
        members.into_values().collect()
    }

    /// Methods of a type with those it inherits, each once, by name. Static ones are not inherited.
    pub(super) fn methods_of(&self, r#type: &'a Type) -> Vec<&'a Callable> {
        let mut methods = BTreeMap::new();
        for each in self.with_ancestors(r#type) {
            let inherits = |method: &&Callable| !method.r#static || each.fqn == r#type.fqn;
            let own = each.methods.iter().filter(inherits);
            methods.extend(own.map(|it| (it.name.as_str(), it)));
        }
        methods.into_values().collect()
    }

    /// The ancestors of a type, and itself at the end.
    fn with_ancestors(&self, r#type: &'a Type) -> impl Iterator<Item = &'a Type> {
        let ancestors = self.ancestors(r#type).into_iter();
        let ancestors = ancestors.filter_map(|fqn| self.input.declared(fqn));
        ancestors.chain([r#type])
    }
}

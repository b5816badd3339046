//! Installs that can put into a folder of its own what they would put into the system. What could make that another install than the one
//! that is written is a reason.

use dockopt_shell::Simple;
use dockopt_tools::manifests::Project;
use dockopt_tools::{Apart, Invocation};

use super::parts::{Reader, Role};
use crate::atom::Atom;
use crate::effects::{is_read_by, wildcard};
use crate::respell::{Change, respell};
use crate::{attributes, stages};

impl Reader<'_, '_> {
    /// The role of an install of nothing but what base images bring, too, from the network.
    pub(super) fn tools_among(
        &self,
        simple: &Simple,
        invocation: &Invocation<'_>,
        apart: &Apart,
    ) -> Option<Role> {
        let words = self.script.args(simple);
        let texts: Vec<&str> = invocation.operand_texts(&words).into_iter().collect::<Option<_>>()?;
        let valued = invocation.flags.iter().any(|flag| flag.value.is_some());
        let all = |names: &[String]| {
            !texts.is_empty()
                && !valued
                && invocation.complete
                && texts.iter().all(|text| names.iter().any(|name| is_package(text, name)))
        };
        if all(&apart.installer) {
            return Some(Role::Installer);
        }
        all(&apart.not_packages).then_some(Role::Stays)
    }

    pub(super) fn apart(
        &self,
        simple: &Simple,
        invocation: &Invocation<'_>,
        apart: &Apart,
    ) -> Result<Role, String> {
        let tool = &invocation.tool.name;
        let base = stages::base(&self.model.stages, self.stage);
        if !base.is_some_and(|base| base.bundled.contains(&apart.in_images_with)) {
            return Err(format!(
                "where `{tool}` installs is known only in images of {}",
                apart.in_images_with
            ));
        }
        if !invocation.complete || !invocation.wrappers.is_empty() {
            return Err(format!("the options of this `{tool}` are not all understood"));
        }
        if let Some(flag) = invocation.flags.iter().find(|flag| apart.not_with.contains(&flag.name)) {
            return Err(format!(
                "with `{}` `{tool}` would not put all of it into a folder of its own",
                flag.name
            ));
        }
        let words = self.script.args(simple);
        let has_place = |word: &str| word.contains('/') && !word.starts_with(&format!("{}/", apart.home));
        if invocation.command.clone().filter_map(|at| words[at].literal()).any(has_place) {
            return Err(format!("which `{tool}` this is, and where it installs, is not known"));
        }
        if let Some(name) = self.changed_place(simple, invocation, apart) {
            return Err(format!("`{name}` is set, by which `{tool}` may install elsewhere"));
        }
        if !self.state.user.get().is_some_and(|user| attributes::is_root(user)) {
            return Err(format!("`{tool}` runs as another user than root, and installs into a home folder"));
        }
        let atom = self.atom().ok_or("it is not known what it installs")?;
        if let (true, Some(why)) = (atom.effects.inputs.is_empty(), &atom.effects.unclear) {
            return Err(format!("it is not known what `{tool}` installs: {}", why.reason));
        }
        if let Some(name) = self.first_of(&apart.not_packages, simple, invocation) {
            return Err(format!(
                "the base image has `{name}`, too, and a second version beside that is not what is installed now"
            ));
        }
        if let Some(name) = self.first_of(&apart.compile_when_run, simple, invocation) {
            return Err(format!("`{name}` calls a compiler when it runs"));
        }
        let change = Change::options(simple, invocation, &apart.flags);
        let respelled =
            respell(self.script, simple, &[change]).ok_or("the install has lines of its own behind it")?;
        Ok(Role::Product { text: Some(respelled.new), from: apart.folder.clone(), to: apart.home.clone() })
    }

    /// The atom of this element.
    fn atom(&self) -> Option<&Atom> {
        let (instruction, element) = self.place;
        self.model.traces()[self.stage].of(instruction).find(|atom| atom.element == element)
    }

    /// A variable by which the tool may put it elsewhere.
    fn changed_place(&self, simple: &Simple, invocation: &Invocation<'_>, apart: &Apart) -> Option<String> {
        let by_file = self.state.variables.keys();
        let by_script = self.here.variables.keys();
        let own = simple.assignments.iter().map(|own| &own.name);
        let moves = |name: &&String| {
            name.as_str() == "PATH"
                || name.as_str() == "HOME"
                || apart.not_with_env.iter().any(|pattern| wildcard(pattern, name))
                    && is_read_by(invocation.tool, name)
        };
        by_file.chain(by_script).chain(own).find(moves).cloned()
    }

    /// The first of these packages that the install names, itself or in a file that it reads.
    fn first_of(&self, packages: &[String], simple: &Simple, invocation: &Invocation<'_>) -> Option<String> {
        let words = self.script.args(simple);
        let named = |name: &&String| {
            invocation.operand_texts(&words).into_iter().flatten().any(|text| is_package(text, name))
        };
        if let Some(name) = packages.iter().find(named) {
            return Some(name.clone());
        }
        let image = self.model.image_before(self.stage, self.place.0, self.place.1);
        let files = self.atom()?.effects.inputs.iter().flat_map(|inputs| &inputs.files);
        for path in files {
            let text = Project::read(&image, path)?;
            if let Some(name) = packages.iter().find(|name| text.lines().any(|line| is_package(line, name))) {
                return Some(name.clone());
            }
        }
        None
    }
}

/// Whether a requirement, such as `name[extra]==1.0`, names this package.
fn is_package(text: &str, name: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    text.strip_prefix(name)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "-_.".contains(c)))
}

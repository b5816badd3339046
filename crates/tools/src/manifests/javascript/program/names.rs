//! The names of one program for node: which stand for a module of node, and which for a text that never changes. Knows no files.

use std::collections::{BTreeMap, BTreeSet};

use oxc_ast::ast::{
    Argument, BinaryOperator, BindingIdentifier, BindingPattern, CallExpression, Expression,
    ImportDeclaration, ImportDeclarationSpecifier, Program, SimpleAssignmentTarget, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};

use super::super::super::paths::{join, parent};
use super::{Module, NODE};

/// What is known of the names of a program.
pub(super) struct Names<'p> {
    /// The path of the program.
    path: &'p str,
    /// The folder in which it is started.
    cwd: &'p str,
    bound: BTreeMap<String, u32>,
    assigned: BTreeSet<String>,
    modules: BTreeMap<String, Module>,
    /// Functions of modules, under their own names.
    functions: BTreeMap<String, (Module, String)>,
    texts: BTreeMap<String, String>,
}

impl<'p> Names<'p> {
    /// Reads the declarations. The error is a clause.
    pub(super) fn of(program: &Program<'_>, path: &'p str, cwd: &'p str) -> Result<Self, String> {
        let mut names = Self {
            path,
            cwd,
            bound: BTreeMap::new(),
            assigned: BTreeSet::new(),
            modules: BTreeMap::new(),
            functions: BTreeMap::new(),
            texts: BTreeMap::new(),
        };
        Bound { names: &mut names }.visit_program(program);
        Values { names: &mut names }.visit_program(program);
        let meant = names.modules.keys().chain(names.functions.keys());
        let special =
            ["require", "process", "module", "eval", "Function"].iter().map(|name| (*name).to_owned());
        for name in meant.cloned().chain(special) {
            let is_module = names.modules.contains_key(&name) || names.functions.contains_key(&name);
            let times = names.bound.get(&name).copied().unwrap_or(0);
            if times > u32::from(is_module) || names.assigned.contains(&name) {
                return Err(format!("uses `{name}` for different things"));
            }
        }
        Ok(names)
    }

    /// Whether the program itself declares a name.
    pub(super) fn is_bound(&self, name: &str) -> bool {
        self.bound.contains_key(name)
    }

    /// The function of a module that a name stands for.
    pub(super) fn function(&self, name: &str) -> Option<&(Module, String)> {
        self.functions.get(name)
    }

    /// The module that a name stands for.
    pub(super) fn module_named(&self, name: &str) -> Option<Module> {
        self.modules.get(name).copied()
    }

    /// The module that an expression stands for.
    pub(super) fn module(&self, expression: &Expression<'_>) -> Option<Module> {
        match expression.get_inner_expression() {
            Expression::Identifier(name) if name.name == "process" && !self.is_bound("process") => {
                Some(Module::Process)
            }
            Expression::Identifier(name) => self.modules.get(name.name.as_str()).copied(),
            Expression::CallExpression(call) => Module::of(required(call)?),
            Expression::AwaitExpression(awaited) => match awaited.argument.get_inner_expression() {
                Expression::ImportExpression(import) => Module::of(literal(&import.source)?),
                _ => None,
            },
            Expression::StaticMemberExpression(member) => {
                let module = self.module(&member.object)?;
                match (module, member.property.name.as_str()) {
                    (Module::Files, "promises") | (_, "default") => Some(module),
                    (Module::Paths, "posix") => Some(module),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The text that an expression always has.
    pub(super) fn text(&self, expression: &Expression<'_>) -> Option<String> {
        match expression.get_inner_expression() {
            Expression::StringLiteral(text) => Some(text.value.to_string()),
            Expression::TemplateLiteral(template) => {
                let mut text = String::new();
                for (at, part) in template.quasis.iter().enumerate() {
                    text.push_str(part.value.cooked.as_ref()?);
                    if let Some(inner) = template.expressions.get(at) {
                        text.push_str(&self.text(inner)?);
                    }
                }
                Some(text)
            }
            Expression::Identifier(name) => match name.name.as_str() {
                bound if self.is_bound(bound) => self.texts.get(bound).cloned(),
                "__dirname" => Some(parent(self.path).to_owned()),
                "__filename" => Some(self.path.to_owned()),
                _ => None,
            },
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                Some(self.text(&sum.left)? + &self.text(&sum.right)?)
            }
            // Addresses of files are kept as paths.
            Expression::StaticMemberExpression(member) => match member.object.get_inner_expression() {
                Expression::ImportMeta(_) => match member.property.name.as_str() {
                    "url" | "filename" => Some(self.path.to_owned()),
                    "dirname" => Some(parent(self.path).to_owned()),
                    _ => None,
                },
                Expression::NewExpression(_) if member.property.name == "pathname" => {
                    self.text(&member.object)
                }
                _ => None,
            },
            Expression::NewExpression(new) if new.callee.is_specific_id("URL") && !self.is_bound("URL") => {
                let [relative, base] = new.arguments.as_slice() else { return None };
                let relative = self.text(relative.as_expression()?)?;
                let is_relative = relative.starts_with("./") || relative.starts_with("../");
                let base = self.text(base.as_expression()?)?;
                is_relative.then(|| join(parent(&base), &relative))
            }
            Expression::CallExpression(call) => self.called(call),
            _ => None,
        }
    }

    /// The module and the function that a call calls.
    pub(super) fn callee(&self, call: &CallExpression<'_>) -> Option<(Module, String)> {
        match call.callee.get_inner_expression() {
            Expression::Identifier(name) => self.functions.get(name.name.as_str()).cloned(),
            Expression::StaticMemberExpression(member) => {
                Some((self.module(&member.object)?, member.property.name.to_string()))
            }
            _ => None,
        }
    }

    /// The text that a call always gives.
    fn called(&self, call: &CallExpression<'_>) -> Option<String> {
        let (module, function) = self.callee(call)?;
        let arguments = || -> Option<Vec<String>> {
            call.arguments.iter().map(|argument| self.text(argument.as_expression()?)).collect()
        };
        match (module, function.as_str()) {
            (Module::Process, "cwd") => Some(self.cwd.to_owned()),
            (Module::Paths, "join") => Some(normal(&arguments()?.join("/"))),
            (Module::Paths, "normalize") => Some(normal(arguments()?.first()?)),
            (Module::Paths, "resolve") => {
                Some(arguments()?.iter().fold(self.cwd.to_owned(), |dir, path| join(&dir, path)))
            }
            (Module::Paths, "dirname") => match arguments()?.first()? {
                path if path.starts_with('/') => Some(parent(path).to_owned()),
                _ => None,
            },
            (Module::Addresses, "fileURLToPath") => arguments()?.first().cloned(),
            _ => None,
        }
    }
}

/// The literal name that `require` gets.
pub(super) fn required<'c>(call: &'c CallExpression<'_>) -> Option<&'c str> {
    match (call.callee.is_specific_id("require"), call.arguments.as_slice()) {
        (true, [Argument::StringLiteral(name)]) => Some(name.value.as_str()),
        _ => None,
    }
}

/// A literal text.
pub(super) fn literal<'c>(expression: &'c Expression<'_>) -> Option<&'c str> {
    match expression.get_inner_expression() {
        Expression::StringLiteral(text) => Some(text.value.as_str()),
        _ => None,
    }
}

/// A path as `path.normalize` gives it.
fn normal(path: &str) -> String {
    if path.starts_with('/') {
        return join("/", path);
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." && parts.last().is_some_and(|last| *last != "..") {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// Counts how often each name is declared, and which are given another value later.
struct Bound<'n, 'p> {
    names: &'n mut Names<'p>,
}

impl<'a> Visit<'a> for Bound<'_, '_> {
    fn visit_binding_identifier(&mut self, name: &BindingIdentifier<'a>) {
        *self.names.bound.entry(name.name.to_string()).or_default() += 1;
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        // `const require = createRequire(import.meta.url)` makes what other programs have.
        if !makes_require(declarator) {
            walk::walk_variable_declarator(self, declarator);
        }
    }

    fn visit_simple_assignment_target(&mut self, target: &SimpleAssignmentTarget<'a>) {
        if let SimpleAssignmentTarget::AssignmentTargetIdentifier(name) = target {
            self.names.assigned.insert(name.name.to_string());
        }
        walk::walk_simple_assignment_target(self, target);
    }

    fn visit_assignment_target_property_identifier(
        &mut self,
        target: &oxc_ast::ast::AssignmentTargetPropertyIdentifier<'a>,
    ) {
        self.names.assigned.insert(target.binding.name.to_string());
        walk::walk_assignment_target_property_identifier(self, target);
    }
}

/// Notes the modules and the texts that declared names stand for, in the order of the program.
struct Values<'n, 'p> {
    names: &'n mut Names<'p>,
}

impl<'a> Visit<'a> for Values<'_, '_> {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        let Some(module) = Module::of(import.source.value.as_str()) else { return };
        for specifier in import.specifiers.iter().flatten() {
            match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    self.member(module, one.imported.name().as_str(), one.local.name.as_str());
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(whole) => {
                    self.names.modules.insert(whole.local.name.to_string(), module);
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(whole) => {
                    self.names.modules.insert(whole.local.name.to_string(), module);
                }
            }
        }
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        walk::walk_variable_declarator(self, declarator);
        let Some(value) = &declarator.init else { return };
        let module = self.names.module(value);
        match &declarator.id {
            BindingPattern::BindingIdentifier(name) => {
                let name = name.name.as_str();
                if let Some(module) = module {
                    self.names.modules.insert(name.to_owned(), module);
                } else if self.names.bound.get(name) == Some(&1)
                    && !self.names.assigned.contains(name)
                    && let Some(text) = self.names.text(value)
                {
                    self.names.texts.insert(name.to_owned(), text);
                }
            }
            BindingPattern::ObjectPattern(pattern) => {
                let Some(module) = module else { return };
                for property in &pattern.properties {
                    if let (Some(key), BindingPattern::BindingIdentifier(local)) =
                        (property.key.static_name(), &property.value)
                    {
                        self.member(module, &key, local.name.as_str());
                    }
                }
            }
            _ => {}
        }
    }
}

impl Values<'_, '_> {
    fn member(&mut self, module: Module, member: &str, local: &str) {
        if member == "default" || (module, member) == (Module::Files, "promises") {
            self.names.modules.insert(local.to_owned(), module);
        } else if module != Module::Process || !NODE.process.contains(member) || member == "cwd" {
            self.names.functions.insert(local.to_owned(), (module, member.to_owned()));
        }
    }
}

/// `const require = createRequire(…)`.
pub(super) fn makes_require(declarator: &VariableDeclarator<'_>) -> bool {
    let is_require =
        matches!(&declarator.id, BindingPattern::BindingIdentifier(name) if name.name == "require");
    let made = match declarator.init.as_ref().map(Expression::get_inner_expression) {
        Some(Expression::CallExpression(call)) => call.callee.is_specific_id("createRequire"),
        _ => false,
    };
    is_require && made
}

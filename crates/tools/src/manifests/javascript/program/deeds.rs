//! What one program for node does with files: everything that it could do it does by a name, so a program in which each name is known is known. Follows no path.

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, ArrayExpressionElement, BinaryExpression, BindingPattern, CallExpression, ExportAllDeclaration,
    ExportFromDeclaration, Expression, IdentifierReference, ImportDeclaration, ImportExpression, ImportMeta,
    ObjectPropertyKind, StaticMemberExpression, TSImportEqualsDeclaration, TSInterfaceDeclaration, TSType,
    TSTypeAliasDeclaration, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::{ParseOptions, Parser};
use oxc_span::SourceType;

use super::names::{Names, literal, makes_require, required};
use super::{Module, NODE};

/// Something that a program does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// Loads another file, by the name that it has in the program.
    Load(String),
    /// Reads a file, or looks whether it is there.
    Read(String),
    /// Reads the names in a folder.
    List(String),
    /// Makes, changes or removes a file.
    Write(String),
    /// Runs a command line.
    Run(String),
}

/// The deeds of the program at `path`, started in `cwd`. The error is a clause whose subject is the program.
pub(super) fn of(text: &str, path: &str, cwd: &str) -> Result<Vec<Deed>, String> {
    let kinds = match path.rsplit('.').next() {
        Some("ts" | "mts" | "cts") => vec![SourceType::ts()],
        Some("mjs") => vec![SourceType::mjs()],
        _ => vec![SourceType::cjs(), SourceType::mjs()],
    };
    for kind in kinds {
        let allocator = Allocator::default();
        let options = ParseOptions { preserve_parens: false, ..ParseOptions::default() };
        let parsed = Parser::new(&allocator, text, kind).with_options(options).parse();
        if parsed.panicked || !parsed.diagnostics.is_empty() {
            continue;
        }
        let names = Names::of(&parsed.program, path, cwd)?;
        let mut reading = Reading { names: &names, deeds: Vec::new(), refused: None };
        reading.visit_program(&parsed.program);
        return reading.refused.map_or(Ok(reading.deeds), Err);
    }
    Err("is written in a way that dockopt does not read".to_owned())
}

struct Reading<'n> {
    names: &'n Names<'n>,
    deeds: Vec<Deed>,
    refused: Option<String>,
}

impl Reading<'_> {
    fn refuse(&mut self, why: String) {
        self.refused.get_or_insert(why);
    }

    /// A name in `require` or `import`.
    fn load(&mut self, name: &str) {
        if name.starts_with("./") || name.starts_with("../") || [".", ".."].contains(&name) {
            self.deeds.push(Deed::Load(name.to_owned()));
        } else if Module::of(name).is_none() {
            self.refuse(format!("loads `{name}`, which may read any file of the project"));
        }
    }

    /// A call of a function of node.
    fn call(&mut self, module: Module, function: &str, arguments: &[Argument<'_>]) {
        match module {
            Module::Files => self.file(function, arguments),
            Module::Programs => match self.command(function, arguments) {
                Some(command) => self.deeds.push(Deed::Run(command)),
                None => {
                    self.refuse(format!("runs a program with `{function}` that is not known before it runs"));
                }
            },
            Module::Process if !NODE.process.contains(function) => {
                self.refuse(format!("uses `process.{function}`"));
            }
            Module::Loader if function != "createRequire" => {
                self.refuse(format!("uses `{function}` of node's `module`"));
            }
            Module::Process | Module::Paths | Module::Addresses | Module::Loader | Module::Harmless => {}
        }
    }

    /// A call of a function of `fs`.
    fn file(&mut self, function: &str, arguments: &[Argument<'_>]) {
        let name = function.strip_suffix("Sync").unwrap_or(function);
        let mut paths = Vec::new();
        let wanted = if NODE.fs.copies.contains(name) { 2 } else { 1 };
        for argument in arguments.iter().take(wanted) {
            match argument.as_expression().and_then(|expression| self.names.text(expression)) {
                Some(path) => paths.push(path),
                None => {
                    return self
                        .refuse(format!("calls `{function}` with a path that is only known when it runs"));
                }
            }
        }
        let deed = match paths.as_slice() {
            [path] if NODE.fs.reads.contains(name) => Deed::Read(path.clone()),
            [path] if NODE.fs.lists.contains(name) => Deed::List(path.clone()),
            [path] if NODE.fs.writes.contains(name) => Deed::Write(path.clone()),
            [from, to] if NODE.fs.copies.contains(name) => {
                self.deeds.push(Deed::Read(from.clone()));
                Deed::Write(to.clone())
            }
            _ => return self.refuse(format!("calls `{function}`")),
        };
        self.deeds.push(deed);
    }

    /// The command line that a function of `child_process` runs.
    fn command(&self, function: &str, arguments: &[Argument<'_>]) -> Option<String> {
        let (first, rest) = arguments.split_first()?;
        let program = self.names.text(first.as_expression()?)?;
        let (command, rest) = match (function, rest) {
            ("exec" | "execSync", rest) => (program, rest),
            (
                "spawn" | "spawnSync" | "execFile" | "execFileSync",
                [Argument::ArrayExpression(words), rest @ ..],
            ) => {
                let mut command = program;
                for word in &words.elements {
                    let word = self.names.text(ArrayExpressionElement::as_expression(word)?)?;
                    // A word that a shell would read otherwise is not worth the trouble.
                    if word.is_empty() || !word.chars().all(|c| c.is_alphanumeric() || "-_./:@".contains(c)) {
                        return None;
                    }
                    command = format!("{command} {word}");
                }
                (command, rest)
            }
            _ => return None,
        };
        let harmless = ["stdio", "encoding", "timeout", "maxBuffer", "windowsHide"];
        rest.iter()
            .all(|argument| match argument {
                Argument::ObjectExpression(options) => {
                    options.properties.iter().all(|property| match property {
                        ObjectPropertyKind::ObjectProperty(property) => {
                            property.key.static_name().is_some_and(|key| harmless.contains(&key.as_ref()))
                        }
                        ObjectPropertyKind::SpreadProperty(_) => false,
                    })
                }
                Argument::FunctionExpression(_) | Argument::ArrowFunctionExpression(_) => true,
                _ => false,
            })
            .then_some(command)
    }
}

impl<'a> Visit<'a> for Reading<'_> {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        if !import.import_kind.is_type() {
            self.load(import.source.value.as_str());
        }
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        self.passed_on(export.source.value.as_str());
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        self.passed_on(export.source.value.as_str());
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if makes_require(declarator) {
            return;
        }
        match declarator.init.as_ref().map(|init| (init, self.names.module(init))) {
            // Each name that is declared here is looked at where it is used.
            Some((_, Some(_))) => {
                if let BindingPattern::ObjectPattern(pattern) = &declarator.id {
                    let plain = pattern.rest.is_none()
                        && pattern.properties.iter().all(|property| {
                            property.key.static_name().is_some()
                                && matches!(property.value, BindingPattern::BindingIdentifier(_))
                        });
                    if !plain {
                        self.refuse(
                            "takes a module of node apart in a way that dockopt does not read".to_owned(),
                        );
                    }
                }
            }
            _ => walk::walk_variable_declarator(self, declarator),
        }
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if call.callee.is_specific_id("require") {
            return match required(call) {
                Some(name) => self.passed_on(name),
                None => self.refuse("calls `require` with a name that is only known when it runs".to_owned()),
            };
        }
        if call.callee.is_specific_member_access("require", "resolve") {
            return self.visit_arguments(&call.arguments);
        }
        let Some((module, function)) = self.names.callee(call) else {
            return walk::walk_call_expression(self, call);
        };
        self.call(module, &function, &call.arguments);
        self.visit_arguments(&call.arguments);
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        match literal(&import.source) {
            Some(name) => self.passed_on(name),
            None => self.refuse("calls `import` with a name that is only known when it runs".to_owned()),
        }
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        let property = member.property.name.as_str();
        if ["constructor", "__proto__"].contains(&property) {
            return self.refuse(format!("uses `{property}`"));
        }
        let object = |object: &str, name: &str| member.object.is_specific_id(object) && property == name;
        if object("module", "exports") || object("require", "main") {
            return;
        }
        match self.names.module(&member.object) {
            Some(Module::Process) if NODE.process.contains(property) => {}
            Some(Module::Files) if property == "constants" => {}
            Some(Module::Paths | Module::Addresses | Module::Harmless) => {}
            Some(_) => self.refuse(format!("hands on `{property}` of a module of node")),
            None => walk::walk_static_member_expression(self, member),
        }
    }

    fn visit_import_meta(&mut self, _: &ImportMeta) {}

    fn visit_binary_expression(&mut self, binary: &BinaryExpression<'a>) {
        // `require.main === module` asks whether the program was started or loaded.
        let asks = |one: &Expression<'_>, other: &Expression<'_>| {
            one.is_specific_member_access("require", "main") && other.is_specific_id("module")
        };
        if !asks(&binary.left, &binary.right) && !asks(&binary.right, &binary.left) {
            walk::walk_binary_expression(self, binary);
        }
    }

    fn visit_identifier_reference(&mut self, reference: &IdentifierReference<'a>) {
        let name = reference.name.as_str();
        let module =
            self.names.function(name).map(|(module, _)| *module).or_else(|| self.names.module_named(name));
        match module {
            Some(Module::Paths | Module::Addresses | Module::Harmless) => {}
            Some(_) => self.refuse(format!("hands on `{name}`")),
            None if self.names.is_bound(name) || NODE.globals.contains(name) => {}
            None => self.refuse(format!("uses `{name}`")),
        }
    }

    fn visit_ts_import_equals_declaration(&mut self, _: &TSImportEqualsDeclaration<'a>) {
        self.refuse("takes a module by `import … =`".to_owned());
    }

    fn visit_ts_type(&mut self, _: &TSType<'a>) {}

    fn visit_ts_interface_declaration(&mut self, _: &TSInterfaceDeclaration<'a>) {}

    fn visit_ts_type_alias_declaration(&mut self, _: &TSTypeAliasDeclaration<'a>) {}
}

impl Reading<'_> {
    /// A module that is loaded where nothing follows what becomes of it.
    fn passed_on(&mut self, name: &str) {
        match Module::of(name) {
            Some(Module::Paths | Module::Addresses | Module::Harmless) => {}
            Some(_) => self.refuse(format!("hands on the module `{name}`")),
            None => self.load(name),
        }
    }

    fn visit_arguments(&mut self, arguments: &[Argument<'_>]) {
        for argument in arguments {
            match argument {
                Argument::SpreadElement(spread) => self.visit_expression(&spread.argument),
                other => {
                    if let Some(expression) = other.as_expression() {
                        self.visit_expression(expression);
                    }
                }
            }
        }
    }
}

//! Whether a command line needs packages that only development needs, or may. It follows scripts of the manifest, scripts of shells and
//! code of the project, and what it cannot follow may need them. It looks at files and never at a tool by its name.

use dockopt_shell::Dialect;
use dockopt_tools::manifests::development::{Brought, Needs, Step, When, code};
use dockopt_tools::manifests::{Look, Project};
use dockopt_tools::schema::development::{Development, Runs};
use dockopt_tools::{Arg, Kind, Role, Toolbox};

use crate::{Image, path};

/// Scripts that call scripts are followed so far.
const DEEPEST: usize = 8;

/// Folders of programs, in which a shell looks.
const PATH: [&str; 5] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/bin"];

/// What a command line is judged by.
pub(super) struct Judge<'j> {
    pub(super) toolbox: &'j Toolbox,
    /// The files of the image.
    pub(super) image: &'j Image<'j>,
    pub(super) needs: &'j Needs,
    pub(super) how: &'j Development,
    /// Where it runs.
    pub(super) cwd: Option<&'j str>,
}

/// Who runs a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// A script of the manifest, which finds the programs of packages.
    Script,
    /// The image itself.
    Image,
}

/// A word of a command line.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// What it is, if that is known before it runs.
    literal: Option<String>,
    /// How it is written.
    text: String,
}

impl Word {
    /// A word that is what it says.
    pub(super) fn plain(text: &str) -> Self {
        Self { literal: Some(text.to_owned()), text: text.to_owned() }
    }

    fn arg(&self) -> Arg<'_> {
        self.literal.as_deref().map_or(Arg::Dynamic, Arg::Literal)
    }
}

impl Judge<'_> {
    /// A text for a shell.
    pub(super) fn shell(&self, text: &str, from: From, depth: usize) -> Result<(), String> {
        let shown = crate::needs::quoted(text);
        let script =
            dockopt_shell::parse(text, Dialect::Posix).map_err(|_| format!("`{shown}` is not understood"))?;
        let mut lines = Vec::new();
        dockopt_shell::walk_commands(&script.list, &mut |simple, _| {
            let word = |word: &dockopt_shell::Word| Word {
                literal: word.literal.clone(),
                text: text[word.span.clone()].to_owned(),
            };
            lines.push(simple.words.iter().map(word).collect::<Vec<_>>());
        });
        lines.iter().try_for_each(|words| self.words(words, from, depth))
    }

    /// A script of the manifest, with those that run before and after it.
    pub(super) fn script(&self, name: &str, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("the script `{name}` calls itself"));
        }
        for own in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
            for step in self.needs.scripts.get(&own).into_iter().flatten() {
                match step {
                    Step::Shell(text) => self.shell(text, From::Script, depth + 1)?,
                    Step::Script(other) => self.script(other, depth + 1)?,
                    Step::Code(Brought { package, when: When::Development }) => {
                        return Err(format!(
                            "`{own}` runs code of `{package}`, which only development needs"
                        ));
                    }
                    Step::Code(_) => {}
                    Step::Unclear(why) => return Err(why.clone()),
                }
            }
        }
        Ok(())
    }

    /// A command line.
    pub(super) fn words(&self, words: &[Word], from: From, depth: usize) -> Result<(), String> {
        let args: Vec<Arg<'_>> = words.iter().map(Word::arg).collect();
        let words = &words[self.toolbox.inside(&args)..];
        let Some((first, rest)) = words.split_first() else { return Ok(()) };
        let Some(name) = &first.literal else {
            // What an entry point hands over is judged as the command that it is.
            let is_handed_over = first.text.trim_matches('"') == "$@";
            return if is_handed_over {
                Ok(())
            } else {
                Err(format!("it is only known when it runs what `{}` is", first.text))
            };
        };
        if is_shell(name) {
            return self.of_shell(name, rest, from, depth);
        }
        if let Some(runs) = self.runner(name) {
            return self.of_runner(runs, name, rest, depth);
        }
        if let Some((folder, program)) = name.rsplit_once('/') {
            if self.how.runs.folders.iter().any(|own| folder == own || folder.ends_with(&format!("/{own}"))) {
                return self.program(program, rest, From::Script, depth);
            }
            if !PATH.contains(&folder) {
                return match self.cwd.map(|cwd| path::resolve(cwd, name)) {
                    Some(file) if self.image.look(&file) == Look::File => self.file(&file, rest, depth),
                    _ => Err(format!("it is not known what `{name}` runs")),
                };
            }
            return self.program(program, rest, from, depth);
        }
        self.program(name, rest, from, depth)
    }

    /// A shell, with a text or a file.
    fn of_shell(&self, name: &str, rest: &[Word], from: From, depth: usize) -> Result<(), String> {
        let options = rest.iter().take_while(|word| word.text.starts_with('-')).count();
        let takes_text =
            rest[..options].iter().any(|word| word.text.ends_with('c') && !word.text.starts_with("--"));
        match rest.get(options).and_then(|word| word.literal.as_ref()) {
            Some(text) if takes_text => self.shell(text, from, depth + 1),
            Some(file) => match self.cwd.map(|cwd| path::resolve(cwd, file)) {
                Some(path) if self.image.look(&path) == Look::File => {
                    self.file(&path, &rest[options + 1..], depth)
                }
                _ => Err(format!("it is not known what `{file}` runs")),
            },
            None => Err(format!("it is not known what `{name}` runs")),
        }
    }

    /// A tool that runs scripts and programs of a project.
    fn runner(&self, name: &str) -> Option<&Runs> {
        let base = path::name(name);
        let tools = self.toolbox.tools().iter();
        let mut known = tools.filter_map(|tool| Some((tool, &tool.development.as_ref()?.runs)));
        known
            .find(|(tool, runs)| {
                runs.program_commands.iter().any(|own| own == base)
                    || tool.all_commands().any(|own| own == base)
            })
            .map(|(_, runs)| runs)
    }

    fn of_runner(&self, runs: &Runs, name: &str, rest: &[Word], depth: usize) -> Result<(), String> {
        let shown = || {
            let words = rest.iter().map(|word| word.text.as_str());
            format!("`{}`", std::iter::once(name).chain(words).collect::<Vec<_>>().join(" "))
        };
        let is_program = runs.program_commands.iter().any(|own| own == path::name(name));
        let (verb, rest) = match rest.split_first().filter(|_| !is_program) {
            None => ("", rest),
            Some((verb, rest)) => (verb.literal.as_deref().unwrap_or_default(), rest),
        };
        let is = |verbs: &[String]| verbs.iter().any(|own| own == verb);
        let options = rest.iter().take_while(|word| word.text.starts_with('-')).count();
        let target = rest.get(options).and_then(|word| word.literal.as_deref());
        if (is(&runs.scripts) || is(&runs.programs))
            && !runs.installs_unless.is_empty()
            && !rest[..options].iter().any(|word| runs.installs_unless.contains(&word.text))
        {
            let option = &runs.installs_unless[0];
            return Err(format!("{} installs them when the image starts, unless it has `{option}`", shown()));
        }
        if is_program || is(&runs.programs) {
            let at = options;
            return match target {
                Some(_) => self.words_in_script(&rest[at..], depth),
                None => Err(format!("it is not known what {} runs", shown())),
            };
        }
        if is(&runs.own_scripts) {
            if !self.needs.scripts.contains_key(verb) {
                return Err(format!("`{}` has no script `{verb}`", self.needs.manifest));
            }
            return self.named(verb, rest, depth);
        }
        if is(&runs.scripts) {
            return match target {
                Some(script) if self.needs.scripts.contains_key(script) => {
                    self.named(script, &rest[options + 1..], depth)
                }
                Some(_) if runs.any_verb => self.words_in_script(&rest[options..], depth),
                _ => Err(format!("it is not known what {} runs", shown())),
            };
        }
        if runs.any_verb && self.needs.scripts.contains_key(verb) {
            return self.named(verb, rest, depth);
        }
        if runs.any_verb && !verb.is_empty() && !verb.starts_with('-') {
            let words: Vec<Word> = std::iter::once(Word::plain(verb)).chain(rest.iter().cloned()).collect();
            return self.words_in_script(&words, depth);
        }
        Err(format!("{} may need them", shown()))
    }

    /// A script with the words that it is given.
    fn named(&self, script: &str, rest: &[Word], depth: usize) -> Result<(), String> {
        self.names_none(rest)?;
        self.script(script, depth + 1)
    }

    fn words_in_script(&self, words: &[Word], depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err("its scripts call themselves".to_owned());
        }
        self.words(words, From::Script, depth + 1)
    }

    /// No word names a package of development.
    fn names_none(&self, words: &[Word]) -> Result<(), String> {
        for word in words {
            for part in word.text.split(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'')) {
                if let Some(package) = self.needs.names_development(part) {
                    return Err(of_development(part, package, "part"));
                }
            }
        }
        Ok(())
    }

    fn program(&self, name: &str, rest: &[Word], from: From, depth: usize) -> Result<(), String> {
        let finds_packages = from == From::Script || self.how.runs.on_path;
        if let Some(Brought { package, when }) = self.needs.brings(name).filter(|_| finds_packages) {
            if when == When::Development {
                return Err(of_development(name, &package, "a program"));
            }
            self.names_none(rest)?;
            return self.code(rest, Some(name));
        }
        let args: Vec<Arg<'_>> =
            std::iter::once(Arg::Literal(name)).chain(rest.iter().map(Word::arg)).collect();
        if let Some(found) = self.toolbox.recognize(&args) {
            let role = found.action.map(|action| action.role);
            return match found.tool.kind {
                Kind::Build if role == Some(Role::Run) => self.interpreter(rest),
                Kind::Language | Kind::Build => Err(format!("`{name}` may need them")),
                _ => Ok(()),
            };
        }
        if self.how.runs.servers.iter().any(|own| own == name) {
            return Ok(());
        }
        // A program of the project itself.
        if self.needs.scripts.contains_key(name) && self.how.runs.on_path {
            return self.code(rest, None);
        }
        let files = PATH.iter().map(|folder| format!("{folder}/{name}"));
        match files.into_iter().find(|file| self.image.look(file) == Look::File) {
            Some(file) => self.file(&file, rest, depth),
            None => Err(format!("it is not known what brings `{name}`")),
        }
    }

    /// A program that runs code of the project.
    fn interpreter(&self, rest: &[Word]) -> Result<(), String> {
        self.names_none(rest)?;
        for pair in rest.windows(2) {
            let module = pair[1].text.split('.').next().unwrap_or_default().replace('_', "-");
            if pair[0].text == "-m"
                && let Some(Brought { package, when: When::Development }) = self.needs.brings(&module)
            {
                return Err(of_development(&pair[1].text, &package, "a module"));
            }
        }
        self.code(rest, None)
    }

    /// Code of the project that words name, that configures a program, or that may run whatever is named.
    fn code(&self, words: &[Word], program: Option<&str>) -> Result<(), String> {
        let cwd = self.cwd.ok_or("it is not known where it runs")?;
        match code::imports(&self.how.manifest) {
            code::Imports::Nothing => Ok(()),
            code::Imports::Modules => code::modules(self.needs, &self.image.files_below(cwd), self.image),
            code::Imports::Strings => {
                let files = words.iter().filter_map(|word| word.literal.as_ref());
                files
                    .map(|word| path::resolve(cwd, word))
                    .try_for_each(|file| code::reached(self.needs, &file, self.image))?;
                program.map_or(Ok(()), |program| code::configuration(self.needs, program, cwd, self.image))
            }
        }
    }

    /// A file of the project that is run by itself.
    fn file(&self, file: &str, rest: &[Word], depth: usize) -> Result<(), String> {
        let text = self.image.read(file).ok_or_else(|| format!("`{file}` cannot be read"))?;
        let interpreter = text.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default();
        let program = interpreter
            .split(['/', ' '])
            .rfind(|part| !part.is_empty() && !part.starts_with('-'))
            .unwrap_or_default();
        if depth > DEEPEST {
            return Err(format!("`{file}` calls itself"));
        }
        if !is_shell(program) {
            let words: Vec<Word> =
                [Word::plain(program), Word::plain(file)].into_iter().chain(rest.iter().cloned()).collect();
            return if program.is_empty() {
                Err(format!("it is not known what `{file}` runs"))
            } else {
                self.words(&words, From::Image, depth + 1)
            };
        }
        self.shell(&text, From::Image, depth + 1).map_err(|why| format!("in `{file}`, {why}"))?;
        if text.contains("$@") { self.words(rest, From::Image, depth + 1) } else { Ok(()) }
    }
}

fn is_shell(name: &str) -> bool {
    matches!(path::name(name), "sh" | "bash" | "ash" | "dash")
}

/// That only development needs something.
fn of_development(what: &str, package: &str, sort: &str) -> String {
    if what == package {
        format!("only development needs `{what}`")
    } else {
        format!("`{what}` is {sort} of `{package}`, which only development needs")
    }
}

//! mix.lock: whether it has all that the dependencies ask for, so that fetching them leaves it as it is. Resolves no version.
//!
//! Hex fetches what the lock names wherever that fits the requirements, and keeps an entry whose package, version, checksums and
//! repository are the same; it writes an entry anew whose list of build tools is empty (`Hex.RemoteConverger`, `Hex.SCM`). Mix writes the file
//! only if something in it is different (`Mix.Dep.Lock.write`).

use std::collections::{BTreeMap, BTreeSet};

use super::terms::{Dependency, Term, term};
use super::tokens::tokens;
use super::version::fits;

/// Whether the lock file has what these dependencies ask for. The error is a clause.
pub(super) fn has(text: &str, dependencies: &[Dependency]) -> Result<(), String> {
    let entries = read(text).ok_or("it is not as Mix writes it")?;
    // What one of them overrides is taken as that one says, whatever others require.
    let overridden: BTreeSet<&str> = dependencies
        .iter()
        .filter(|one| is_true(one.option("override")))
        .map(|one| one.app.as_str())
        .collect();
    let of_the_project: BTreeSet<&str> =
        dependencies.iter().filter(|one| is_local(one)).map(|one| one.app.as_str()).collect();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&Entry> = Vec::new();
    for dependency in dependencies.iter().filter(|one| !is_local(one)) {
        let app = dependency.app.as_str();
        let entry = entries.get(app).ok_or_else(|| format!("it has no `{app}`"))?;
        match entry {
            Entry::Hex { package, version, repository, .. } => {
                let asked = dependency.option("hex").and_then(Term::name).unwrap_or(app);
                let odd = ["git", "github", "repo"].iter().any(|option| dependency.option(option).is_some());
                let home = match dependency.option("organization") {
                    None => "hexpm".to_owned(),
                    Some(name) => format!("hexpm:{}", name.name().unwrap_or("?")),
                };
                if odd || asked != package || home != *repository {
                    return Err(format!("it has another `{app}`"));
                }
                check(app, version, dependency.requirement.as_deref())?;
            }
            Entry::Git { url, options } => {
                if !is_same_source(dependency, url, options) {
                    return Err(format!("it has `{app}` from another place"));
                }
            }
        }
        if seen.insert(app) {
            open.push(entry);
        }
    }
    while let Some(entry) = open.pop() {
        let Entry::Hex { dependencies, .. } = entry else { continue };
        for child in dependencies {
            let app = child.app.as_str();
            if of_the_project.contains(app) {
                continue;
            }
            let entry = match entries.get(app) {
                Some(entry) => entry,
                None if is_true(child.option("optional")) => continue,
                None => return Err(format!("it has no `{app}`")),
            };
            if let Entry::Hex { version, .. } = entry
                && !overridden.contains(app)
            {
                check(app, version, child.requirement.as_deref())?;
            }
            if !is_true(child.option("optional")) && seen.insert(app) {
                open.push(entry);
            }
        }
    }
    Ok(())
}

fn check(app: &str, version: &str, requirement: Option<&str>) -> Result<(), String> {
    match requirement {
        Some(requirement) if !fits(version, requirement) => {
            Err(format!("its `{app}` {version} is not known to fit `{requirement}`"))
        }
        _ => Ok(()),
    }
}

fn is_true(option: Option<&Term>) -> bool {
    option == Some(&Term::Atom("true".to_owned()))
}

/// Whether a dependency is a folder of the project, of which a lock file says nothing.
pub(super) fn is_local(dependency: &Dependency) -> bool {
    ["path", "in_umbrella"].iter().any(|option| dependency.option(option).is_some())
}

/// The address of a dependency's git repository.
pub(super) fn git_url(dependency: &Dependency) -> Option<String> {
    let named = |option: &str| dependency.option(option).and_then(Term::text);
    named("git")
        .map(str::to_owned)
        .or_else(|| named("github").map(|name| format!("https://github.com/{name}.git")))
}

fn is_same_source(dependency: &Dependency, url: &str, locked: &[(String, Term)]) -> bool {
    // Those that are part of an entry (`Mix.SCM.Git`).
    let counts = ["branch", "ref", "tag", "sparse", "subdir", "depth", "submodules"];
    let asked: BTreeMap<&String, &Term> = dependency
        .options
        .iter()
        .filter(|(key, _)| counts.contains(&key.as_str()))
        .map(|(key, value)| (key, value))
        .collect();
    let locked: BTreeMap<&String, &Term> = locked.iter().map(|(key, value)| (key, value)).collect();
    git_url(dependency).is_some_and(|asked| asked == url) && asked == locked
}

#[derive(Debug, PartialEq, Eq)]
enum Entry {
    Hex { package: String, version: String, repository: String, dependencies: Vec<Dependency> },
    Git { url: String, options: Vec<(String, Term)> },
}

fn read(text: &str) -> Option<BTreeMap<String, Entry>> {
    let tokens = tokens(text).ok()?;
    let (found, end) = term(&tokens, 0)?;
    if term(&tokens, end).is_some() {
        return None;
    }
    let Term::Map(pairs) = found else { return None };
    pairs.into_iter().map(|(app, entry)| Some((app.name()?.to_owned(), read_entry(&entry)?))).collect()
}

fn read_entry(entry: &Term) -> Option<Entry> {
    let Term::Tuple(parts) = entry else { return None };
    let owned = |pairs: Vec<(&str, &Term)>| {
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value.clone())).collect()
    };
    match parts.as_slice() {
        [
            Term::Atom(kind),
            Term::Atom(package),
            Term::Text(version),
            Term::Text(inner),
            Term::List(tools),
            Term::List(dependencies),
            Term::Text(repository),
            Term::Text(outer),
        ] if kind == "hex" => {
            let is_sum =
                |text: &str| text.len() == 64 && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
            if tools.is_empty() || !is_sum(inner) || !is_sum(outer) {
                return None;
            }
            let dependencies = dependencies.iter().map(|one| match one {
                Term::Tuple(parts) => match parts.as_slice() {
                    [Term::Atom(app), Term::Text(requirement), options] => Some(Dependency {
                        app: app.clone(),
                        requirement: Some(requirement.clone()),
                        options: owned(options.pairs()?),
                    }),
                    _ => None,
                },
                _ => None,
            });
            Some(Entry::Hex {
                package: package.clone(),
                version: version.clone(),
                repository: repository.clone(),
                dependencies: dependencies.collect::<Option<_>>()?,
            })
        }
        [Term::Atom(kind), Term::Text(url), Term::Text(_), options] if kind == "git" => {
            Some(Entry::Git { url: url.clone(), options: owned(options.pairs()?) })
        }
        _ => None,
    }
}

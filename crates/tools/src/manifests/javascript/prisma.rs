//! `prisma generate`: which schema does it read, and does what it makes stay in `node_modules`? Knows no other command of Prisma.
//!
//! Traced 2026-11-25 (prisma 5.22 and 6.19): it looks for a configuration under the names in the data, reads package.json, `schema.prisma`, `prisma/schema.prisma` or the
//! files of `prisma/schema`, `.env` here and beside the schema, looks for prisma.yml, and writes the client into `node_modules`.

use std::collections::BTreeMap;

use super::super::paths::{join, parent, within};
use super::super::sources::Sources;
use super::super::{Look, Unclear};
use super::package::Package;
use super::scripts::DATA;

/// What a call does if there is no schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifests) enum Missing {
    /// It fails.
    Fails,
    /// It goes on, as in the install script of the client.
    Passes,
}

/// Where `prisma generate` looks for its schema, in this order.
const SCHEMAS: [&str; 3] = ["schema.prisma", "prisma/schema.prisma", "prisma/schema"];

/// Notes what `prisma generate` reads in `dir`, called with these words.
pub(in crate::manifests) fn generate(
    sources: &mut Sources<'_>,
    dir: &str,
    words: &[String],
    missing: Missing,
) -> Result<(), Unclear> {
    let manifest = join(dir, "package.json");
    let package = sources.needed(&manifest)?;
    let package = Package::parse(&package).ok_or_else(|| {
        Unclear::at(&manifest, format!("`{manifest}` is not a JSON object (was already broken?)"))
    })?;
    configuration(sources, dir)?;
    // It would install a client that is not there, and write package.json.
    let is_there =
        |group: &str| package.json.get(group).is_some_and(|group| group.get("@prisma/client").is_some());
    if missing == Missing::Fails && !is_there("dependencies") {
        let reason =
            format!("`prisma generate` may install `@prisma/client`, which `{manifest}` does not ask for");
        return Err(Unclear::at(&manifest, reason));
    }
    for name in [".env", "prisma/.env", "prisma.yml", ".npmrc"] {
        sources.ambient_unread(&join(dir, name));
    }
    let told = told(words)?;
    let of_package = package.json.get("prisma").and_then(|own| own.get("schema"));
    let named = match (told, of_package) {
        (Some(path), _) => Some(path),
        (None, Some(path)) => {
            let path = path.as_str().ok_or_else(|| {
                Unclear::at(&manifest, format!("`prisma.schema` of `{manifest}` is no path"))
            })?;
            Some(path.to_owned())
        }
        (None, None) => None,
    };
    let mut found = None;
    for place in named.as_deref().map_or(SCHEMAS.to_vec(), |path| vec![path]) {
        let path = join(dir, place);
        match (sources.project.look(&path), &found) {
            (Look::File | Look::Directory, None) => found = Some(path),
            (Look::File | Look::Directory, Some(other)) => {
                let reason = format!("`prisma generate` may take `{other}` or `{path}` for the schema");
                return Err(Unclear::at(&path, reason));
            }
            (Look::Absent, _) => {
                sources.inputs.probes.insert(path);
            }
            (Look::Unknown, _) => {
                return Err(Unclear::at(&path, format!("it is not known what `{path}` holds")));
            }
        }
    }
    if let Some(path) = found {
        return match sources.project.look(&path) {
            Look::Directory => {
                sources.inputs.trees.insert(path.clone());
                folder(sources, dir, &path)
            }
            _ => schema(sources, dir, &path),
        };
    }
    match missing {
        Missing::Passes => Ok(()),
        Missing::Fails => {
            Err(Unclear::at(&manifest, "`prisma generate` finds no schema (was already broken?)"))
        }
    }
}

/// A configuration is a program.
fn configuration(sources: &mut Sources<'_>, dir: &str) -> Result<(), Unclear> {
    for name in &DATA.prisma.configurations {
        for ending in &DATA.prisma.endings {
            for path in [format!("{name}{ending}"), format!("{name}/index{ending}")] {
                let path = join(dir, &path);
                let why = format!("`prisma generate` obeys `{path}`, which dockopt does not follow");
                sources.not_of_the_project(&path, &why)?;
            }
        }
        sources.inputs.probes.insert(join(dir, name));
    }
    Ok(())
}

/// The schema that the words name.
fn told(words: &[String]) -> Result<Option<String>, Unclear> {
    let mut words = words.iter();
    let mut schema = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--no-engine" | "--no-hints" | "--accelerate" | "--data-proxy" | "--allow-no-models" => {}
            "--schema" => schema = words.next().cloned(),
            word => match word.strip_prefix("--schema=") {
                Some(path) => schema = Some(path.to_owned()),
                None => {
                    return Err(Unclear::new(format!(
                        "`prisma generate` has `{word}`, which dockopt does not follow"
                    )));
                }
            },
        }
    }
    Ok(schema)
}

/// A schema of several files.
fn folder(sources: &mut Sources<'_>, dir: &str, path: &str) -> Result<(), Unclear> {
    let names = sources
        .project
        .list(path)
        .ok_or_else(|| Unclear::at(path, format!("it is not known what `{path}` holds")))?;
    for name in names {
        let inner = join(path, &name);
        match sources.project.look(&inner) {
            Look::Directory => folder(sources, dir, &inner)?,
            _ if name.ends_with(".prisma") => schema(sources, dir, &inner)?,
            _ => {}
        }
    }
    sources.ambient_unread(&join(path, ".env"));
    Ok(())
}

/// One file of a schema: its generators must be known, and write below `node_modules` only.
fn schema(sources: &mut Sources<'_>, dir: &str, path: &str) -> Result<(), Unclear> {
    let text = sources.needed(path)?;
    sources.ambient_unread(&join(parent(path), ".env"));
    let generators = generators(&text).ok_or_else(|| {
        Unclear::at(path, format!("the generators of `{path}` are of a form that dockopt does not read"))
    })?;
    for (name, settings) in generators {
        let refused =
            |what: String| Err(Unclear::at(path, format!("the generator `{name}` of `{path}` {what}")));
        match settings.get("provider") {
            Some(provider) if DATA.prisma.generators.contains(provider) => {}
            Some(provider) => {
                return refused(format!("is `{provider}`, which may read any file of the project"));
            }
            None => return refused("has no `provider` that dockopt reads".to_owned()),
        }
        if let Some(output) = settings.get("output") {
            let output = join(parent(path), output);
            if !within(&output, &join(dir, "node_modules")) {
                return refused(format!("writes into `{output}`, beside the sources"));
            }
        }
    }
    Ok(())
}

type Generator = (String, BTreeMap<String, String>);

/// The generators of a schema with those of their settings that are texts. `None` if one is written otherwise.
fn generators(text: &str) -> Option<Vec<Generator>> {
    let mut found: Vec<Generator> = Vec::new();
    let mut is_inside = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        if is_inside {
            if line.starts_with('}') {
                is_inside = false;
            } else if let Some((key, value)) = line.split_once('=') {
                let text = value.trim().strip_prefix('"').and_then(|rest| rest.split_once('"'));
                match (key.trim(), text) {
                    (key, Some((text, _))) => {
                        found.last_mut()?.1.insert(key.to_owned(), text.to_owned());
                    }
                    ("provider" | "output", None) => return None,
                    _ => {}
                }
            }
        } else if let Some(rest) =
            line.strip_prefix("generator").filter(|rest| rest.starts_with([' ', '\t', '{']))
        {
            let (name, rest) = rest.split_once('{')?;
            if !rest.trim().is_empty() && !rest.trim().starts_with("//") {
                return None;
            }
            found.push((name.trim().to_owned(), BTreeMap::new()));
            is_inside = true;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Memory;
    use super::*;

    const SCHEMA: &str = "datasource db {\n  provider = \"sqlite\"\n}\n\ngenerator client {\n  provider = \"prisma-client-js\"\n}\n";
    const PACKAGE: (&str, &str) = ("/app/package.json", r#"{"dependencies": {"@prisma/client": "5"}}"#);

    fn judged(words: &str, files: &[(&str, &str)]) -> Result<super::super::super::Inputs, String> {
        let project = Memory::new(files);
        let mut sources = Sources::new(&project);
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        generate(&mut sources, "/app", &words, Missing::Fails).map_err(|unclear| unclear.reason)?;
        Ok(sources.inputs)
    }

    #[test]
    fn where_the_schema_lies() {
        let inputs = judged("", &[PACKAGE, ("/app/prisma/schema.prisma", SCHEMA)]).unwrap();
        assert!(
            inputs.files.contains("/app/prisma/schema.prisma")
                && inputs.probes.contains("/app/schema.prisma")
        );
        assert!(
            inputs.probes.contains("/app/prisma.config.ts") && inputs.probes.contains("/app/prisma/.env")
        );
        let inputs = judged(
            "--no-engine --schema=db/app.prisma",
            &[PACKAGE, ("/app/db/app.prisma", SCHEMA), ("/app/db/.env", "")],
        )
        .unwrap();
        assert!(inputs.files.contains("/app/db/app.prisma") && inputs.files.contains("/app/db/.env"));
        let package =
            ("/app/package.json", r#"{"prisma": {"schema": "db"}, "dependencies": {"@prisma/client": "6"}}"#);
        let inputs =
            judged("", &[package, ("/app/db/app.prisma", SCHEMA), ("/app/db/models/user.prisma", "")])
                .unwrap();
        assert!(inputs.trees.contains("/app/db") && inputs.files.contains("/app/db/models/user.prisma"));
    }

    #[test]
    fn what_is_not_followed() {
        let other = SCHEMA.replace("prisma-client-js", "prisma-erd-generator");
        let beside = SCHEMA.replace("-js\"", "-js\"\n  output = \"../src/client\"");
        let inside = SCHEMA.replace("-js\"", "-js\"\n  output = \"../node_modules/.prisma/other\"");
        let by_env = SCHEMA.replace("\"prisma-client-js\"", "env(\"GENERATOR\")");
        for (schema, reason) in [
            (
                &*other,
                "the generator `client` of `/app/prisma/schema.prisma` is `prisma-erd-generator`, which may read any file of the project",
            ),
            (
                &*beside,
                "the generator `client` of `/app/prisma/schema.prisma` writes into `/app/src/client`, beside the sources",
            ),
            (
                &*by_env,
                "the generators of `/app/prisma/schema.prisma` are of a form that dockopt does not read",
            ),
        ] {
            assert_eq!(judged("", &[PACKAGE, ("/app/prisma/schema.prisma", schema)]).unwrap_err(), reason);
        }
        assert!(judged("", &[PACKAGE, ("/app/prisma/schema.prisma", &inside)]).is_ok());
        assert!(judged("--sql", &[PACKAGE, ("/app/prisma/schema.prisma", SCHEMA)]).is_err());
        assert!(judged("", &[PACKAGE]).is_err());
        assert!(judged("", &[("/app/package.json", "{}"), ("/app/prisma/schema.prisma", SCHEMA)]).is_err());
        let configured =
            judged("", &[PACKAGE, ("/app/prisma/schema.prisma", SCHEMA), ("/app/prisma.config.ts", "")]);
        assert_eq!(
            configured.unwrap_err(),
            "`prisma generate` obeys `/app/prisma.config.ts`, which dockopt does not follow"
        );
    }
}

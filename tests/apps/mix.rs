//! Projects of Mix. The walk follows Mix's documentation (`Mix.Project`, `Mix.Tasks.Deps`, `Config`): the mix.exs of the project,
//! of each app below `apps_path`, and of each `path:` and `in_umbrella:` dependency; config/config.exs with what it imports for
//! the environment; the files that mix.exs reads; mix.lock; and the folders that are compiled.

use std::collections::BTreeSet;

use super::{App, Walk, in_folder, joined};
use crate::generate::Random;

const APPS: [&str; 4] = ["web", "core", "mailer", "import"];
const LOCAL: [&str; 3] = ["vendor/money", "vendor/clock", "libs/auth"];

pub(super) fn generate(random: &mut Random) -> App {
    let mut app = App::default();
    let is_umbrella = random.once_in(2);
    let local: Vec<&str> = LOCAL.iter().copied().filter(|_| random.once_in(3)).collect();
    let mut deps: Vec<String> = local
        .iter()
        .map(|folder| {
            let name = folder.rsplit('/').next().unwrap_or(folder);
            match random.below(3) {
                0 => format!("{{:{name}, path: \"{folder}\"}}"),
                1 => format!("{{:{name}, \"~> 0.1\", path: \"./{folder}/\", override: true}}"),
                _ => format!("{{\n        :{name},\n        [path: \"{folder}\", runtime: false]\n      }}"),
            }
        })
        .collect();
    for (at, folder) in local.iter().enumerate() {
        let next = local.get(at + 1).filter(|_| random.once_in(2));
        let own = next.map(|next| {
            format!("{{:{}, path: \"{}\"}}", next.rsplit('/').next().unwrap_or(next), up(folder, next))
        });
        let version = if random.once_in(3) { Version::File } else { Version::Written };
        project(&mut app, folder, &[], own.as_slice(), version);
    }
    if is_umbrella {
        let apps: Vec<&str> = APPS.iter().copied().filter(|_| !random.once_in(3)).collect();
        for (at, name) in apps.iter().enumerate() {
            let next = apps.get(at + 1).filter(|_| random.once_in(2));
            let own = next.map(|next| format!("{{:{next}, in_umbrella: true}}"));
            let keys =
                ["build_path: \"../../_build\"", "deps_path: \"../../deps\"", "lockfile: \"../../mix.lock\""];
            project(&mut app, &format!("apps/{name}"), &keys, own.as_slice(), Version::Written);
        }
        app.put("apps/notes/README.md", "no app\n");
        if random.once_in(2) {
            deps.clear();
        }
        project(&mut app, ".", &["apps_path: \"apps\""], &deps, Version::Written);
    } else {
        let version = random.pick(&[&Version::File, &Version::Piped, &Version::Written]);
        project(&mut app, ".", &[], &deps, *version);
    }
    let by_env = random.pick(&["config_env()", "Mix.env()", "Mix.env"]);
    app.put(
        "config/config.exs",
        format!(
            "import Config\n\nimport_config \"shared/logger.exs\"\nimport_config \"#{{{by_env}}}.exs\"\n"
        ),
    );
    app.put(
        "config/shared/logger.exs",
        "import Config\n# import_config \"old.exs\"\nconfig :logger, level: :info\n",
    );
    for env in ["dev", "prod", "test", "runtime"] {
        app.put(format!("config/{env}.exs"), "import Config\n");
    }
    if random.once_in(2) {
        app.put("mix.lock", "%{\n}\n");
    }
    let command = random.pick(&[
        "mix deps.get",
        "mix deps.get --only prod",
        "mix local.hex --force",
        "mix deps.compile --skip-umbrella-children",
        "mix do deps.get --only prod, deps.compile --skip-umbrella-children --skip-local-deps",
        "mix do local.rebar --force + deps.get",
    ]);
    app.installs("elixir:1.17", command);
    if random.once_in(2) {
        app.install.env.insert("MIX_ENV".to_owned(), "prod".to_owned());
    }
    app.finish(random)
}

#[derive(Clone, Copy)]
enum Version {
    Written,
    File,
    Piped,
}

fn up(from: &str, to: &str) -> String {
    format!("{}{to}", "../".repeat(from.split('/').count()))
}

fn project(app: &mut App, folder: &str, keys: &[&str], deps: &[String], version: Version) {
    let name = folder.rsplit('/').next().unwrap_or(folder).replace('.', "shop");
    let module = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let (attribute, own) = match version {
        Version::Written => ("", "\"0.1.0\""),
        Version::File => ("  @version File.read!(\"VERSION\") |> String.trim()\n", "@version"),
        Version::Piped => ("  @version \"VERSION\" |> File.read!() |> String.trim()\n", "@version"),
    };
    if attribute.contains("VERSION") {
        app.put(in_folder(folder, "VERSION"), "1.2.3\n");
    }
    let keys: String = keys.iter().map(|key| format!(", {key}")).collect();
    let text = format!(
        "defmodule {module}.MixProject do\n  use Mix.Project\n{attribute}\n  def project do\n    [app: :{name}, version: {own}{keys}, deps: deps()]\n  end\n\n  \
         defp deps do\n    [{}]\n  end\nend\n",
        deps.join(", ")
    );
    app.put(in_folder(folder, "mix.exs"), text);
    app.put(in_folder(folder, &format!("lib/{name}.ex")), format!("defmodule {module} do\nend\n"));
}

pub(super) fn reads(app: &App) -> BTreeSet<String> {
    let mut walk = Walk::of(app);
    let env = if app.install.env.contains_key("MIX_ENV") { "prod" } else { "dev" };
    if walk.read("config/config.exs").is_some() {
        walk.read("config/shared/logger.exs");
        walk.read(&format!("config/{env}.exs"));
    }
    let command = &app.install.command;
    if command.contains("deps.") {
        walk.read("mix.lock");
    }
    let mut waiting = vec![".".to_owned()];
    let mut local = BTreeSet::new();
    while let Some(folder) = waiting.pop() {
        let path = in_folder(&folder, "mix.exs");
        if walk.reads.contains(&path) {
            continue;
        }
        let Some(text) = walk.read(&path) else { continue };
        if text.contains("File.read!") {
            walk.read_in(&folder, "VERSION");
        }
        if text.contains("apps_path:") {
            waiting.extend(APPS.iter().map(|name| format!("apps/{name}")));
        }
        for named in text.split("path: \"").skip(1) {
            let named = named.split('"').next().unwrap_or(named);
            if let Some(place) = joined(&folder, named).filter(|place| LOCAL.contains(&place.as_str())) {
                local.insert(place.clone());
                waiting.push(place);
            }
        }
    }
    if command.contains("deps.compile") && !command.contains("--skip-local-deps") {
        for folder in local {
            walk.read_folder(".", &folder);
        }
    }
    walk.reads
}

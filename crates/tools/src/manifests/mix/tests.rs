//! What the reader says of small projects, and each refusal.

use super::super::Inputs;
use super::super::testing::{Line, Memory};
use super::DATA;

const CONFIG: &str = "import Config\nimport_config \"#{config_env()}.exs\"\n";

fn manifest(body: &str) -> String {
    format!(
        "defmodule Shop.MixProject do\n  use Mix.Project\n  def project do\n    [app: :shop, version: \"0.1.0\", deps: deps()]\n  end\n{body}\nend\n"
    )
}

fn deps(list: &str) -> String {
    manifest(&format!("  defp deps do\n    [{list}]\n  end"))
}

fn entry(app: &str, version: &str, tools: &str, children: &str) -> String {
    let sum = "0123456789abcdef".repeat(4);
    format!(
        "  \"{app}\": {{:hex, :{app}, \"{version}\", \"{sum}\", [{tools}], [{children}], \"hexpm\", \"{sum}\"}},\n"
    )
}

fn shop(list: &str, lock: &str) -> Memory {
    let (manifest, lock) = (deps(list), format!("%{{\n{lock}}}\n"));
    Memory::new(&[
        ("/app/mix.exs", &manifest),
        ("/app/mix.lock", &lock),
        ("/app/config/config.exs", CONFIG),
        ("/app/config/prod.exs", "import Config\n"),
        ("/app/config/dev.exs", "import Config\n"),
        ("/app/lib/shop.ex", "defmodule Shop do\nend\n"),
    ])
}

fn line(words: &'static str) -> Line {
    Line { env: &[("MIX_ENV", Some("prod"))], ..Line::new("mix", words) }
}

/// The files, and the trees, that are read.
fn shown(inputs: &Inputs) -> String {
    let short = |paths: &std::collections::BTreeSet<String>| {
        paths.iter().map(|path| path.trim_start_matches("/app/").to_owned()).collect::<Vec<_>>().join(" ")
    };
    format!(
        "{} | {} | {} | {}",
        short(&inputs.files),
        short(&inputs.trees),
        short(&inputs.writes),
        short(&inputs.write_trees)
    )
}

#[test]
fn each_task_reads_the_programs() {
    let plug = entry(
        "plug",
        "1.16.1",
        ":mix",
        "{:mime, \"~> 2.0\", [hex: :mime, repo: \"hexpm\", optional: false]}",
    );
    let project = shop("{:plug, \"~> 1.16\"}", &format!("{plug}{}", entry("mime", "2.0.6", ":mix", "")));
    let programs = "config/config.exs config/prod.exs mix.exs";
    for (words, expected) in [
        ("local.hex --force", format!("{programs} |  |  | ")),
        ("deps.get --only=prod", format!("{programs} mix.lock |  |  | _build deps")),
        ("deps.compile", format!("{programs} mix.lock |  |  | _build deps")),
        ("do deps.get, deps.compile", format!("{programs} mix.lock |  |  | _build deps")),
        ("do local.hex + deps.compile plug", format!("{programs} mix.lock |  |  | _build deps")),
    ] {
        assert_eq!(shown(&line(words).reads(&project)), expected, "{words}");
    }
    // An environment that is not known may be any.
    let inputs = Line::new("mix", "deps.get").reads(&project);
    assert_eq!(
        shown(&inputs),
        "config/config.exs config/dev.exs config/prod.exs mix.exs mix.lock |  |  | _build deps"
    );
}

#[test]
fn a_lock_file_that_may_be_written() {
    let jason = entry(
        "jason",
        "1.4.4",
        ":mix",
        "{:decimal, \"~> 2.0\", [hex: :decimal, repo: \"hexpm\", optional: true]}",
    );
    let git = "  \"ui\": {:git, \"https://github.com/acme/ui.git\", \"1a2b\", [tag: \"v1\"]},\n";
    for (list, lock, told) in [
        ("{:jason, \"~> 1.4\"}", jason.clone(), ""),
        ("{:jason, \"~> 1.4\"}, {:ui, github: \"acme/ui\", tag: \"v1\"}", format!("{jason}{git}"), ""),
        (
            "{:ui, github: \"acme/ui\", tag: \"v1\", sparse: \"optimized\", app: false, compile: false, depth: 1}",
            git.replace("[tag: \"v1\"]", "[tag: \"v1\", sparse: \"optimized\", depth: 1]"),
            "",
        ),
        ("{:jason, \"~> 1.4\", runtime: Mix.env() == :dev, only: [:dev, :test]}", jason.clone(), ""),
        (
            "{:ui, github: \"acme/ui\", tag: \"v1\", sparse: \"optimized\", app: false, compile: false, depth: 1}",
            git.replace("[tag: \"v1\"]", "[tag: \"v1\", sparse: \"optimized\", depth: 1]"),
            "",
        ),
        ("{:jason, \"~> 1.5\"}", jason.clone(), "is not known to fit `~> 1.5`"),
        ("{:jason, \"~> 1.4\"}, {:plug, \">= 0.0.0\"}", jason.clone(), "has no `plug`"),
        ("{:jason, \"~> 1.4\", organization: \"acme\"}", jason.clone(), "another `jason`"),
        ("{:ui, github: \"acme/ui\", tag: \"v2\"}", git.to_owned(), "from another place"),
        ("{:ui, github: \"other/ui\", tag: \"v1\"}", git.to_owned(), "from another place"),
        ("{:jason, \"~> 1.4\"}", entry("jason", "1.4.4", "", ""), "not as Mix writes it"),
        ("{:jason, version()}", jason.clone(), "is no dependency that is written out"),
        ("jason: \"~> 1.4\"", jason.clone(), "is no dependency that is written out"),
        (
            "{:plug, \"~> 1.0\"}",
            entry(
                "plug",
                "1.16.1",
                ":mix",
                "{:mime, \"~> 2.0\", [hex: :mime, repo: \"hexpm\", optional: false]}",
            ),
            "has no `mime`",
        ),
        (
            "{:plug, \"~> 1.0\"}",
            entry(
                "plug",
                "1.16.1",
                ":mix",
                "{:mime, \"~> 2.0\", [hex: :mime, repo: \"hexpm\", optional: false]}",
            ) + &entry("mime", "1.6.0", ":mix", ""),
            "`mime` 1.6.0",
        ),
    ] {
        let mut text = deps(list);
        if list.contains("version()") {
            text = manifest(&format!("  defp version, do: \"~> 1.4\"\n  defp deps, do: [{list}]"));
        }
        let lock = format!("%{{\n{lock}}}\n");
        let project = Memory::new(&[("/app/mix.exs", &text), ("/app/mix.lock", &lock)]);
        let inputs = line("deps.get").reads(&project);
        assert_eq!(inputs.writes.is_empty(), told.is_empty(), "{list}: {:?}", inputs.remarks);
        assert!(inputs.remarks.iter().all(|remark| remark.contains(told)), "{list}: {:?}", inputs.remarks);
    }
}

#[test]
fn files_that_programs_read() {
    for (program, files) in [
        ("@version File.read!(\"VERSION\")", "VERSION"),
        ("@version \"VERSION\" |> File.read!() |> String.trim()", "VERSION"),
        ("@version String.trim(File.read!(Path.join(__DIR__, \"VERSION\")))", "VERSION"),
        ("@version File.read! \"VERSION\"", "VERSION"),
        ("@version File.read!(Path.expand(\"../VERSION\", __DIR__))", "/VERSION"),
    ] {
        let text = manifest(&format!("  {program}\n  defp deps, do: []"));
        let project = Memory::new(&[("/app/mix.exs", &text), ("/app/VERSION", "1"), ("/VERSION", "1")]);
        let inputs = line("deps.get").reads(&project);
        let found: Vec<&str> = inputs.files.iter().map(|path| path.trim_start_matches("/app/")).collect();
        assert!(found.contains(&files), "{program}: {found:?}");
    }
}

#[test]
fn programs_that_are_not_followed() {
    for (program, told) in [
        ("System.cmd(\"git\", [])", "System.cmd"),
        (":os.cmd('git')", ":os.cmd"),
        ("File.read!(name)", "File.read!"),
        ("File.read!(\"a\" <> \"b\")", "File.read!"),
        ("Code.require_file(\"x.exs\")", "Code.require_file"),
        ("apply(File, :read!, [\"x\"])", "apply"),
        ("&apply/3", "apply"),
        ("m.cmd(\"x\")", "`.`"),
        ("f = &File.read!/1", "File.read!"),
        ("import File", "import File"),
        ("use Mix.Task", "use Mix.Task"),
        ("alias System, as: String", "alias"),
        ("Path.wildcard(\"x/*\")", "Path.wildcard"),
        ("\"#{File.cwd!()}\"", "File.cwd!"),
        ("read_all \"x\"", "read_all"),
        ("~w(#{x})", "beyond what dockopt reads"),
        ("[deps_path: System.get_env(\"X\")]", "deps_path"),
        ("[\"deps.get\": [\"x\"]]", "deps.get"),
        ("[hex: [cacerts_path: \"ca.pem\"]]", "hex:"),
        ("[default_env: :prod, default_target: :x]", "default_target"),
        ("[path: \"../x\"]", "path:"),
        ("[{:x, git: \"../x\"}]", "another machine"),
        ("[{:x, path: \"..\"}]", "the project lies"),
        ("[{:x, path: \"lib/x\"}]", "has no mix.exs"),
        ("[{:x, \"~> 1.0\", compile: \"make all\"}]", "a command of its own"),
    ] {
        let text = manifest(&format!("  defp deps do\n    {program}\n  end"));
        let project = Memory::new(&[("/app/mix.exs", &text)]);
        let reason = line("deps.get").unclear(&project);
        assert!(reason.contains(told), "{program}: {reason}");
    }
}

#[test]
fn configuration_that_is_not_followed() {
    for (config, told) in [
        ("import_config name", "import_config"),
        ("import_config \"#{name}.exs\"", "import_config"),
        ("import_config \"#{config_env()}\" <> \".exs\"", "import_config"),
        ("config :a, b: Enum.map(Path.wildcard(\"x\"), & &1)", "Path.wildcard"),
        ("for file <- files, do: import_config(file)", "import_config"),
    ] {
        let manifest = deps("");
        let project = Memory::new(&[
            ("/app/mix.exs", &manifest),
            ("/app/config/config.exs", config),
            ("/app/config/b.exs", "import_config \"b.exs\"\n"),
        ]);
        let reason = line("deps.get").unclear(&project);
        assert!(reason.contains(told), "{config}: {reason}");
    }
}

#[test]
fn umbrellas() {
    let root = manifest("  defp deps, do: []").replace("app: :shop", "apps_path: \"apps\"");
    let web = deps("{:core, in_umbrella: true}");
    let core = deps("");
    let config = "use Mix.Config\nimport_config \"../apps/*/config/config.exs\"\n";
    let project = Memory::new(&[
        ("/app/mix.exs", &root),
        ("/app/config/config.exs", config),
        ("/app/apps/web/mix.exs", &web),
        ("/app/apps/web/lib/web.ex", ""),
        ("/app/apps/web/config/config.exs", "use Mix.Config\n"),
        ("/app/apps/core/mix.exs", &core),
        ("/app/apps/notes/README.md", ""),
    ]);
    let read = "apps/core/mix.exs apps/web/config/config.exs apps/web/mix.exs config/config.exs mix.exs";
    assert_eq!(shown(&line("deps.get").reads(&project)), format!("{read} |  |  | _build deps"));
    assert_eq!(
        shown(&line("deps.compile --skip-umbrella-children").reads(&project)),
        format!("{read} |  |  | _build deps")
    );
    assert!(line("deps.compile").unclear(&project).contains("--skip-umbrella-children"));
    // From the folder of one app.
    let inside = Line { cwd: "/app/apps/web", ..line("deps.compile") };
    let inputs = inside.reads(&project);
    assert!(inputs.trees.contains("/app/apps/core") && !inputs.trees.contains("/app/apps/web"), "{inputs:?}");
}

#[test]
fn other_refusals() {
    let project = shop("", "");
    for (words, env, told) in [
        ("deps.get", ("MIX_EXS", Some("other.exs")), "MIX_EXS"),
        ("deps.get", ("MIX_DEPS_PATH", Some("/deps")), "MIX_DEPS_PATH"),
        ("deps.get", ("MIX_HOME", Some("/app/.mix")), "MIX_HOME"),
        ("deps.get", ("ERL_FLAGS", Some("-pa ebin")), "ERL_FLAGS"),
        ("deps.get", ("ERL_LIBS", Some("lib")), "ERL_LIBS"),
        ("local.rebar rebar3", ("MIX_ENV", Some("prod")), "rebar3"),
        ("do deps.get, compile", ("MIX_ENV", Some("prod")), "`mix compile` reads the sources"),
        ("do deps.get --dry-run", ("MIX_ENV", Some("prod")), "--dry-run"),
    ] {
        let env: &'static [_] = Box::leak(Box::new([env]));
        let reason = Line { env, ..Line::new("mix", words) }.unclear(&project);
        assert!(reason.contains(told), "{words}: {reason}");
    }
    for env in [
        ("MIX_HOME", Some("/opt/mix")),
        ("ERL_FLAGS", Some("+JPperf true")),
        ("ELIXIR_ERL_OPTIONS", Some("+fnu")),
    ] {
        let env: &'static [_] = Box::leak(Box::new([env]));
        Line { env, ..Line::new("mix", "deps.get") }.reads(&project);
    }
    let manifest = deps("");
    let beam = Memory::new(&[("/app/mix.exs", &manifest), ("/app/inet.beam", "")]);
    assert!(line("deps.get").unclear(&beam).contains("in place of a module"));
    assert!(!DATA.ghosts.is_empty());
    assert!(line("deps.get").unclear(&Memory::new(&[])).contains("mix.exs"));
    assert_eq!(line("local.hex").reads(&Memory::new(&[])).files.len(), 0);
}

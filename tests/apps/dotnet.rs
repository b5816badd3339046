//! Projects of .NET and their references. The walk follows Microsoft's documentation ("dotnet restore", "Customize your build by
//! folder", "global.json overview", "nuget.config reference", "Central Package Management"): the project or solution, the
//! closure of its project references, for each project the nearest of the files that are imported by name from its folder
//! upward, the configuration of packages, `global.json`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{App, Walk, in_folder, joined};
use crate::generate::Random;

const PROJECTS: [&str; 5] =
    ["src/Shop.Web", "src/Shop.Core", "src/Shop.Data", "libs/Money", "tests/Shop.Tests"];
/// Files that a build imports by name, the nearest of each.
const IMPORTED: [&str; 3] = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"];

pub(super) fn generate(random: &mut Random) -> App {
    let mut app = App::default();
    let projects: Vec<&str> =
        PROJECTS.iter().copied().filter(|one| *one == PROJECTS[0] || !random.once_in(3)).collect();
    for (at, folder) in projects.iter().enumerate() {
        let text = project(random, folder, &projects[at + 1..]);
        app.put(file(folder), text);
        app.put(in_folder(folder, "Program.cs"), "class Program {}\n");
        if random.once_in(6) {
            app.put(
                in_folder(folder, "packages.lock.json"),
                "{ \"version\": 1, \"dependencies\": { \"net8.0\": {} } }\n",
            );
        }
    }
    for name in IMPORTED {
        for folder in [".", "src", "libs"] {
            if random.once_in(5) {
                app.put(in_folder(folder, name), "<Project>\n</Project>\n");
            }
        }
    }
    if random.once_in(3) {
        app.put(
            "global.json",
            "{ \"sdk\": { \"version\": \"8.0.100\", \"rollForward\": \"latestMinor\" } }\n",
        );
    }
    if random.once_in(3) {
        app.put(
            random.pick(&["NuGet.config", "nuget.config", "NuGet.Config"]),
            "<configuration>\n</configuration>\n",
        );
    }
    let mut target = file(projects[0]);
    if random.once_in(3) {
        let lines: String = projects.iter().map(|one| solution_line(one)).collect();
        app.put(
            "Shop.sln",
            format!(
                "Microsoft Visual Studio Solution File, Format Version 12.00\n{lines}Global\nEndGlobal\n"
            ),
        );
        "Shop.sln".clone_into(&mut target);
    }
    app.installs("mcr.microsoft.com/dotnet/sdk:8.0", &format!("dotnet restore {target}"));
    app.finish(random)
}

fn file(folder: &str) -> String {
    format!("{folder}/{}.csproj", folder.rsplit('/').next().unwrap_or(folder))
}

fn solution_line(folder: &str) -> String {
    let name = folder.rsplit('/').next().unwrap_or(folder);
    let path = file(folder).replace('/', "\\");
    format!(
        "Project(\"{{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}}\") = \"{name}\", \"{path}\", \"{{11111111-1111-1111-1111-111111111111}}\"\nEndProject\n"
    )
}

fn project(random: &mut Random, folder: &str, others: &[&str]) -> String {
    let mut text = "<Project Sdk=\"Microsoft.NET.Sdk\">\n  <PropertyGroup>\n    <TargetFramework>net8.0</TargetFramework>\n  </PropertyGroup>\n  <ItemGroup>\n".to_owned();
    if random.once_in(2) {
        text.push_str("    <PackageReference Include=\"Newtonsoft.Json\" Version=\"13.0.3\" />\n");
    }
    let up = "../".repeat(folder.split('/').count());
    for other in others {
        let path = format!("{up}{}", file(other));
        match random.below(4) {
            0 => {
                let _ = writeln!(text, "    <ProjectReference Include=\"{}\" />", path.replace('/', "\\"));
            }
            1 => {
                let _ = writeln!(text, "    <ProjectReference Include=\"{path}\">\n    </ProjectReference>");
            }
            2 => {
                let _ = writeln!(text, "    <!-- <ProjectReference Include=\"../gone/Gone.csproj\" /> -->");
            }
            _ => {}
        }
    }
    text.push_str("  </ItemGroup>\n</Project>\n");
    text
}

pub(super) fn reads(app: &App) -> BTreeSet<String> {
    let mut walk = Walk::of(app);
    walk.read("global.json");
    for name in ["NuGet.config", "nuget.config", "NuGet.Config"] {
        walk.read(name);
    }
    let target = app.install.command.rsplit(' ').next().unwrap_or_default().to_owned();
    let mut waiting = vec![target];
    while let Some(path) = waiting.pop() {
        if walk.reads.contains(&path) {
            continue;
        }
        let Some(text) = walk.read(&path) else { continue };
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned();
        if path == "Shop.sln" {
            let quoted = text.split('"').map(|part| part.replace('\\', "/"));
            waiting.extend(quoted.filter(|part| part.contains(".csproj")));
            continue;
        }
        walk.read_in(&folder, "packages.lock.json");
        for name in IMPORTED {
            let mut above = Some(folder.as_str());
            while let Some(folder) = above {
                if walk.read_in(folder, name).is_some() {
                    break;
                }
                above = (folder != ".").then(|| folder.rsplit_once('/').map_or(".", |(parent, _)| parent));
            }
        }
        let lines = text.lines().filter(|line| !line.contains("<!--"));
        for line in lines.filter_map(|line| line.trim().strip_prefix("<ProjectReference Include=\"")) {
            let named = line.split('"').next().unwrap_or_default().replace('\\', "/");
            waiting.extend(joined(&folder, &named));
        }
    }
    walk.reads
}

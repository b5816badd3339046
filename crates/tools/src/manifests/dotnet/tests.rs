//! What the reader of .NET's inputs answers, by small projects.

use super::super::testing::{Line, Memory};

fn dotnet(words: &'static str) -> Line {
    Line { command: "dotnet", ..Line::new("dotnet", words) }
}

fn project(rest: &str) -> String {
    format!("<Project Sdk=\"Microsoft.NET.Sdk\">\n{rest}\n</Project>")
}

/// Why a project with this in it is not followed.
fn refused(rest: &str) -> String {
    dotnet("restore").unclear(&Memory::new(&[("/app/Web.csproj", &project(rest)), ("/app/folder/x", "")]))
}

#[test]
fn data_file_is_sound() {
    assert!(
        super::DATA.sdks.contains("Microsoft.NET.Sdk")
            && super::DATA.harmless_flags.contains("--locked-mode")
    );
    assert!(super::is_telling_property("restoresources") && !super::is_telling_property("Configuration"));
    for hook in ["Restore", "CollectPackageReferences", "BeforeRestore"] {
        assert!(!super::DATA.build_targets.contains(hook), "{hook}");
    }
}

#[test]
fn the_closure_of_references_with_all_that_it_imports() {
    let memory = Memory::new(&[
        (
            "/app/src/Web/Web.csproj",
            &project("<ItemGroup><ProjectReference Include=\"..\\Core\\Core.csproj\" /></ItemGroup>"),
        ),
        ("/app/src/Web/Program.cs", ""),
        ("/app/src/Core/Core.csproj", &project("<Import Project=\"..\\..\\Common.csproj\" />")),
        ("/app/src/Core/packages.lock.json", "{}"),
        ("/app/Common.csproj", "<Project/>"),
        ("/app/Directory.Packages.props", "<Project/>"),
        (
            "/app/src/Directory.Build.props",
            "<Project><Import Project=\"$([MSBuild]::GetPathOfFileAbove('Directory.Build.props', '$(MSBuildThisFileDirectory)../'))\" /></Project>",
        ),
        ("/app/Directory.Build.props", "<Project/>"),
        (
            "/app/NuGet.config",
            "<configuration><packageSources><add key=\"nuget\" value=\"https://packages.example.org/v3/index.json\" /><add key=\"own\" value=\"./feed\" /></packageSources></configuration>",
        ),
        ("/app/feed/Own.1.0.0.nupkg", ""),
        ("/app/global.json", "{}"),
        ("/app/test/Web.Tests/Web.Tests.csproj", &project("")),
    ]);
    let inputs = dotnet("restore src/Web/Web.csproj -r=linux-x64 --locked-mode").reads(&memory);
    assert_eq!(
        inputs.files.iter().collect::<Vec<_>>(),
        [
            "/app/Common.csproj",
            "/app/Directory.Build.props",
            "/app/Directory.Packages.props",
            "/app/NuGet.config",
            "/app/global.json",
            "/app/src/Core/Core.csproj",
            "/app/src/Core/packages.lock.json",
            "/app/src/Directory.Build.props",
            "/app/src/Web/Web.csproj",
        ]
    );
    assert_eq!(inputs.trees.iter().collect::<Vec<_>>(), ["/app/feed"]);
    assert_eq!(inputs.write_trees.iter().collect::<Vec<_>>(), ["/app/src/Core/obj", "/app/src/Web/obj"]);
    assert!(inputs.writes.is_empty());
    for probe in [
        "/app/src/Web/Directory.Build.targets",
        "/app/nuget.config",
        "/app/src/Web/NuGet.Config",
        "/app/src/global.json",
    ] {
        assert!(inputs.probes.contains(probe), "{probe}");
    }
    let unlocked = dotnet("restore src/Web/Web.csproj").reads(&memory);
    assert_eq!(unlocked.writes.iter().collect::<Vec<_>>(), ["/app/src/Core/packages.lock.json"]);
}

#[test]
fn solutions_list_projects() {
    let text = "\u{feff}\nMicrosoft Visual Studio Solution File, Format Version 12.00\n\
        Project(\"{9A19103F-16F7-4668-BE54-9A1E7A4F7556}\") = \"Web\", \"src\\Web\\Web.csproj\", \"{1}\"\nEndProject\n\
        Project(\"{2150E333-8FDC-42A3-9474-1A3956D46DE8}\") = \"docs\", \"docs\", \"{2}\"\nEndProject\n";
    let memory = Memory::new(&[("/app/Shop.sln", text), ("/app/src/Web/Web.csproj", &project(""))]);
    let inputs = dotnet("restore").reads(&memory);
    assert_eq!(inputs.files.iter().collect::<Vec<_>>(), ["/app/Shop.sln", "/app/src/Web/Web.csproj"]);
    let text = "<Solution><Folder Name=\"/src/\"><Project Path=\"src/Web/Web.csproj\" /></Folder></Solution>";
    let memory = Memory::new(&[("/app/Shop.slnx", text), ("/app/src/Web/Web.csproj", &project(""))]);
    assert_eq!(dotnet("restore Shop.slnx").reads(&memory).files.len(), 2);
    let both = Memory::new(&[("/app/Shop.sln", ""), ("/app/Web.csproj", &project(""))]);
    assert!(dotnet("restore").unclear(&both).contains("holds Shop.sln and Web.csproj"));
    let site = "Project(\"{E24C65DC-7377-472B-9ABA-BC803B73C61A}\") = \"site\", \"site\", \"{1}\"\n";
    assert!(dotnet("restore").unclear(&Memory::new(&[("/app/Shop.sln", site)])).contains("lists `site`"));
    assert!(
        dotnet("restore")
            .unclear(&Memory::new(&[("/app/a.cs", "")]))
            .contains("neither a project nor a solution")
    );
}

#[test]
fn what_runs_or_cannot_be_told_is_refused() {
    for (rest, reason) in [
        (
            "<Import Project=\"$(Shared)/a.props\" />",
            "`/app/Web.csproj` imports `$(Shared)/a.props`, which dockopt cannot follow (line 2)",
        ),
        ("<Import Project=\"a.props\" />", "`/app/a.props` is missing"),
        ("<ItemGroup><ProjectReference Include=\"**/*.csproj\" /></ItemGroup>", "refers to `**/*.csproj`"),
        (
            "<ItemGroup><ProjectReference Include=\"../Gone/Gone.csproj\" /></ItemGroup>",
            "`/Gone/Gone.csproj` is missing",
        ),
        (
            "<PropertyGroup><Version>$([System.IO.File]::ReadAllText('VERSION'))</Version></PropertyGroup>",
            "looks at files itself (`System.IO…`)",
        ),
        ("<PropertyGroup Condition=\"Exists('$(Here)')\" />", "asks whether something exists"),
        ("<PropertyGroup Condition=\"Exists('folder')\" />", "asks whether something exists"),
        ("<PropertyGroup><RestoreSources>feed</RestoreSources></PropertyGroup>", "sets RestoreSources"),
        (
            "<PropertyGroup><BaseIntermediateOutputPath>/tmp</BaseIntermediateOutputPath></PropertyGroup>",
            "sets BaseIntermediateOutputPath",
        ),
        (
            "<Target Name=\"Stamp\" BeforeTargets=\"CollectPackageReferences\" />",
            "runs a target of its own at `CollectPackageReferences`",
        ),
        ("<Target Name=\"Restore\" />", "has a target `Restore` of its own"),
        ("<Sdk Name=\"Acme.Sdk\" Version=\"1\" />", "uses the SDK Acme.Sdk"),
    ] {
        let said = refused(rest);
        assert!(said.contains(reason), "{said}");
    }
    let with = |path: &str, text: &str| {
        dotnet("restore").unclear(&Memory::new(&[("/app/Web.csproj", &project("")), (path, text)]))
    };
    assert!(with("/app/Directory.Build.rsp", "-m").contains("further options for MSBuild"));
    assert!(with("/app/packages.config", "<packages/>").contains("packages.config"));
    let moved = "<configuration><config><add key=\"globalPackagesFolder\" value=\"packages\" /></config></configuration>";
    assert!(with("/app/nuget.config", moved).contains("names a folder for packages in line 1"));
    assert!(
        with("/app/global.json", "{\"sdk\": {\"paths\": [\".dotnet\"]}}").contains("names folders with SDKs")
    );
}

#[test]
fn what_only_a_build_runs_is_quiet() {
    let quiet = "<PropertyGroup Condition=\"Exists('local.props')\"><Nullable>enable</Nullable></PropertyGroup>\
        <Target Name=\"Npm\" BeforeTargets=\"Build;Publish\"><Exec Command=\"npm ci\" /></Target>\
        <ItemGroup><ProjectReference Include=\"../Old/Old.csproj\" Condition=\"'$(Old)' == 'true'\" /></ItemGroup>";
    let inputs = dotnet("restore").reads(&Memory::new(&[("/app/Web.csproj", &project(quiet))]));
    assert!(inputs.probes.contains("/app/local.props") && inputs.probes.contains("/Old/Old.csproj"));
}

#[test]
fn options_and_surroundings() {
    let memory =
        Memory::new(&[("/app/Web.csproj", &project("")), ("/app/ci/nuget.config", "<configuration/>")]);
    let inputs =
        dotnet("restore -p=:Configuration=Release --configfile=ci/nuget.config --packages=/packages")
            .reads(&memory);
    assert!(inputs.files.contains("/app/ci/nuget.config") && inputs.write_trees.contains("/packages"));
    assert!(!inputs.probes.iter().any(|probe| probe.ends_with("NuGet.config")));
    dotnet("restore Web.csproj /p:Configuration=Release").reads(&memory);
    assert!(dotnet("restore -p=:RestoreSources=feed").unclear(&memory).contains("`RestoreSources` moves"));
    assert!(dotnet("restore --lock-file-path=x").unclear(&memory).contains("`--lock-file-path`"));
    let env = Line { env: &[("UseArtifactsOutput", Some("true"))], ..dotnet("restore") };
    assert!(env.unclear(&memory).contains("MSBuild obeys it"));
    let wanted = project(
        "<PropertyGroup><RestorePackagesWithLockFile>true</RestorePackagesWithLockFile></PropertyGroup>",
    );
    let inputs = dotnet("restore").reads(&Memory::new(&[("/app/Web.csproj", &wanted)]));
    assert_eq!(inputs.writes.iter().collect::<Vec<_>>(), ["/app/packages.lock.json"]);
}

#[test]
fn tools_of_a_project() {
    let memory = Memory::new(&[
        ("/app/.config/dotnet-tools.json", "{}"),
        ("/app/src/Web.csproj", ""),
        ("/app/global.json", "{}"),
    ]);
    let inputs = dotnet("tool-restore").reads(&memory);
    assert_eq!(
        inputs.files.iter().collect::<Vec<_>>(),
        ["/app/.config/dotnet-tools.json", "/app/global.json"]
    );
    assert!(inputs.write_trees.is_empty() && inputs.writes.is_empty());
}

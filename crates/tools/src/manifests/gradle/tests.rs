//! What the reader of Gradle's inputs answers, by small projects.

use super::super::testing::{Line, Memory};

fn gradle(words: &'static str) -> Line {
    Line { command: "gradle", ..Line::new("gradle", words) }
}

const BUILD: &str = "plugins {\n    id 'java'\n    id 'org.springframework.boot' version '3.5.6'\n}\ngroup = 'com.acme'\nrepositories { mavenCentral() }\n\
    dependencies {\n    implementation \"org.springframework.boot:spring-boot-starter-web\" // web\n}\ntasks.named('test') { useJUnitPlatform() }\n";

/// Why a build script with this in it is not followed.
fn refused(rest: &str) -> String {
    let text = format!("{BUILD}{rest}\n");
    gradle("dependencies")
        .unclear(&Memory::new(&[("/app/settings.gradle", ""), ("/app/build.gradle", &text)]))
}

#[test]
fn data_file_is_sound() {
    assert!(super::DATA.scripts.iter().all(|one| one.len() == 16));
    for word in
        ["file", "files", "fileTree", "File", "exec", "providers", "System", "from", "new", "includeBuild"]
    {
        assert!(!super::DATA.words.contains(word), "{word}");
    }
}

#[test]
fn scripts_of_all_subprojects_are_read() {
    let memory = Memory::new(&[
        ("/app/settings.gradle.kts", "rootProject.name = \"shop\"\ninclude(\"core\", \"apps:web\")\n"),
        ("/app/build.gradle", BUILD),
        ("/app/gradle.properties", "org.gradle.jvmargs=-Xmx1g\nspringVersion=3\n"),
        (
            "/app/core/build.gradle",
            "apply plugin: 'java-library'\ndef guava = '33.0'\ndependencies { api \"com.google.guava:guava:$guava\" }\n",
        ),
        ("/app/core/src/main/java/Core.java", ""),
        ("/app/apps/build.gradle.kts", ""),
        (
            "/app/apps/web/build.gradle.kts",
            "plugins { `java-library`\n alias(libs.plugins.spring.boot) }\ndependencies { implementation(libs.guava)\n implementation(project(\":core\")) }\n",
        ),
        (
            "/app/gradle/libs.versions.toml",
            "[libraries]\nguava = \"com.google.guava:guava:33\"\n[plugins]\nspring-boot = { id = \"org.springframework.boot\", version = \"3\" }\nalias = \"java:1\"\n",
        ),
    ]);
    let inputs = gradle("dependencies --no-daemon").reads(&memory);
    assert_eq!(
        inputs.files.iter().collect::<Vec<_>>(),
        [
            "/app/apps/build.gradle.kts",
            "/app/apps/web/build.gradle.kts",
            "/app/build.gradle",
            "/app/core/build.gradle",
            "/app/gradle.properties",
            "/app/gradle/libs.versions.toml",
            "/app/settings.gradle.kts",
        ]
    );
    assert!(inputs.trees.is_empty() && inputs.writes.is_empty());
    assert_eq!(inputs.write_trees.iter().collect::<Vec<_>>(), ["/app/.gradle", "/app/build"]);
    for probe in
        ["/app/buildSrc", "/app/gradle.lockfile", "/app/core/gradle.properties", "/app/settings.gradle"]
    {
        assert!(inputs.probes.contains(probe), "{probe}");
    }
}

#[test]
fn scripts_that_are_more_than_a_list_are_refused() {
    for (rest, reason) in [
        (
            "version = file('VERSION').text",
            "`file` in line 11 of `/app/build.gradle` may make Gradle read other files",
        ),
        ("apply from: 'gradle/quality.gradle'", "`from` in line 11"),
        ("def sha = 'git rev-parse HEAD'.execute().text", "`execute` in line 11"),
        ("dependencies { implementation fileTree('libs') }", "`fileTree` in line 11"),
        ("version = \"${new File('VERSION').text}\"", "line 11 of `/app/build.gradle` is more than a list"),
        (
            "apply plugin: 'com.gorylenko.gradle-git-properties'",
            "the plugin com.gorylenko.gradle-git-properties in line 11",
        ),
        ("repositories { maven { url = '../repo' } }", "`../repo` in line 11"),
    ] {
        let said = refused(rest);
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn what_lies_around_the_scripts() {
    let with = |path: &str, text: &str| {
        gradle("dependencies").unclear(&Memory::new(&[
            ("/app/settings.gradle", "include 'core'"),
            ("/app/build.gradle", BUILD),
            ("/app/core/Core.java", ""),
            (path, text),
        ]))
    };
    assert!(with("/app/core/build.gradle/x", "").contains("has no build script"));
    assert!(with("/app/buildSrc/build.gradle", "").contains("a build of its own"));
    let catalog = "[plugins]\nx = \"org.ajoberstar.grgit:5\"\n";
    assert!(with("/app/gradle/libs.versions.toml", catalog).contains("the plugin org.ajoberstar.grgit"));
    let part = Memory::new(&[("/settings.gradle", "include 'app'"), ("/app/build.gradle", BUILD)]);
    assert!(gradle("dependencies").unclear(&part).contains("a part of another build"));
    let properties = Memory::new(&[
        ("/app/settings.gradle", ""),
        ("/app/build.gradle", ""),
        ("/app/gradle.properties", "org.gradle.projectcachedir=/tmp"),
    ]);
    assert!(gradle("dependencies").unclear(&properties).contains("`org.gradle.projectcachedir`"));
}

#[test]
fn a_start_script_is_looked_at() {
    let project = Memory::new(&[
        ("/app/settings.gradle", ""),
        ("/app/gradlew", "#!/bin/sh\n./prepare.sh\nexec gradle \"$@\"\n"),
    ]);
    let line = Line { command: "./gradlew", ..gradle("dependencies") };
    assert!(
        line.unclear(&project).contains("`/app/gradlew` is not as a known version of its tool writes it")
    );
}

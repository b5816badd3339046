//! What the reader of Maven's inputs answers, by small projects.

use super::super::testing::{Line, Memory};

fn mvn(words: &'static str) -> Line {
    Line { command: "mvn", ..Line::new("maven", words) }
}

const HEAD: &str = "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion><groupId>shop</groupId>";

fn pom(artifact: &str, rest: &str) -> String {
    format!("{HEAD}<artifactId>{artifact}</artifactId><version>1</version>{rest}</project>")
}

fn child(artifact: &str, rest: &str) -> String {
    let parent = "<parent><groupId>shop</groupId><artifactId>shop</artifactId><version>1</version></parent>";
    format!(
        "<project><modelVersion>4.0.0</modelVersion>{parent}<artifactId>{artifact}</artifactId>{rest}</project>"
    )
}

/// Why a POM with this text in it is not followed.
fn refused(rest: &str) -> String {
    mvn("go-offline").unclear(&Memory::new(&[("/app/pom.xml", &pom("shop", rest))]))
}

#[test]
fn data_file_is_sound() {
    assert!(super::DATA.scripts.iter().all(|one| one.len() == 16));
    assert_eq!(super::telling("-B -Pprod -T1C"), None);
    assert_eq!(super::telling("-B -fother.xml"), Some("-fother.xml"));
    assert_eq!(super::telling_to_java("-Xmx1g -javaagent:x.jar"), Some("-javaagent:x.jar"));
    assert_eq!(super::telling_to_java("-Djavax.net.ssl.trustStore=x"), Some("-Djavax.net.ssl.trustStore=x"));
}

#[test]
fn poms_of_all_modules_and_profiles_are_read() {
    let root = pom(
        "shop",
        "<modules><module>core</module><module>apps/web</module></modules>\
         <profiles><profile><id>it</id><activation><file><exists>it.txt</exists></file></activation><modules><module>it</module><module>gone</module></modules></profile></profiles>",
    );
    let nested = child("web", "<modules><module>./ui/pom.xml</module></modules>")
        .replace("</parent>", "<relativePath>../..</relativePath></parent>");
    let project = Memory::new(&[
        ("/app/pom.xml", &root),
        ("/app/core/pom.xml", &child("core", "")),
        ("/app/core/src/main/java/Core.java", ""),
        ("/app/apps/web/pom.xml", &nested),
        (
            "/app/apps/web/ui/pom.xml",
            &child("ui", "")
                .replace("</parent>", "<relativePath/></parent>")
                .replace(">shop<", ">spring-boot-starter-parent<")
                .replace("groupId>spring-boot-starter-parent", "groupId>org.springframework.boot"),
        ),
        ("/app/it/pom.xml", &child("it", "")),
        ("/app/.mvn/jvm.config", "-Xmx512m"),
        ("/app/.mvn/maven.config", "-B\n-ntp"),
    ]);
    let inputs = mvn("go-offline -B -pl=apps/web -am").reads(&project);
    assert_eq!(
        inputs.files.iter().collect::<Vec<_>>(),
        [
            "/app/.mvn/jvm.config",
            "/app/.mvn/maven.config",
            "/app/apps/web/pom.xml",
            "/app/apps/web/ui/pom.xml",
            "/app/core/pom.xml",
            "/app/it/pom.xml",
            "/app/pom.xml",
        ]
    );
    assert_eq!(inputs.trees.iter().filter(|tree| tree.ends_with("/target")).count(), 5);
    assert!(inputs.writes.is_empty() && inputs.write_trees.is_empty());
    for probe in [
        "/app/gone/pom.xml",
        "/app/it.txt",
        "/app/core/it.txt",
        "/app/core/target",
        "/app/profiles.xml",
        "/app/.mvn/extensions.xml",
        "/app/.hotspotrc",
    ] {
        assert!(inputs.probes.contains(probe), "{probe}: {:?}", inputs.probes);
    }
}

#[test]
fn a_single_project_has_no_siblings() {
    let inputs = mvn("resolve")
        .reads(&Memory::new(&[("/app/pom.xml", &pom("shop", "")), ("/app/target/shop-1.jar", "")]));
    assert_eq!(inputs.files.len(), 1);
    assert_eq!(inputs.trees.iter().collect::<Vec<_>>(), ["/app/target/dependency-maven-plugin-markers"]);
    let siblings = Memory::new(&[
        ("/app/pom.xml", &pom("shop", "<modules><module>core</module></modules>")),
        ("/app/core/pom.xml", &child("core", "")),
        ("/app/core/target/classes/Core.class", ""),
    ]);
    assert_eq!(
        mvn("resolve").unclear(&siblings),
        "`/app/core/target` is copied too, and Maven may take it for what an earlier build did [/app/core/target]"
    );
}

#[test]
fn what_runs_code_or_cannot_be_told_is_refused() {
    for (rest, reason) in [
        (
            "<build><extensions><extension><artifactId>os-maven-plugin</artifactId></extension></extensions></build>",
            "loads the extension os-maven-plugin in line 1",
        ),
        (
            "<build><plugins><plugin><artifactId>tycho</artifactId><extensions>true</extensions></plugin></plugins></build>",
            "loads the extension tycho",
        ),
        (
            "<build><plugins><plugin><artifactId>maven-dependency-plugin</artifactId><configuration/></plugin></plugins></build>",
            "configures the dependency plugin",
        ),
        (
            "<parent><groupId>com.acme</groupId><artifactId>base</artifactId><version>3</version></parent>",
            "the parent of `/app/pom.xml`, com.acme:base, comes from a repository",
        ),
        ("<modules><module>${flavour}</module></modules>", "names `${flavour}`"),
        ("<modules><module>core</module></modules>", "`/app/core/pom.xml` is missing"),
        (
            "<repositories><repository><url>s3://bucket</url></repository></repositories>",
            "names `s3://bucket`",
        ),
        (
            "<dependencies><dependency><systemPath>${lib}/x.jar</systemPath></dependency></dependencies>",
            "names `${lib}/x.jar`",
        ),
    ] {
        let said = refused(rest);
        assert!(said.contains(reason), "{said}");
    }
    let project =
        Memory::new(&[("/app/pom.xml", &pom("shop", "")), ("/app/.mvn/extensions.xml", "<extensions/>")]);
    assert!(mvn("resolve").unclear(&project).contains("loads extensions, which may read any file"));
    let old = pom("shop", "").replace("4.0.0</model", "4.1.0</model");
    assert!(mvn("resolve").unclear(&Memory::new(&[("/app/pom.xml", &old)])).contains("model version"));
}

#[test]
fn files_that_the_model_names() {
    let rest = "<repositories><repository><url>file://${project.basedir}/repo</url></repository></repositories>\
                <dependencies><dependency><scope>system</scope><systemPath>${project.basedir}/lib/ojdbc.jar</systemPath></dependency></dependencies>";
    let project = Memory::new(&[
        ("/app/pom.xml", &pom("shop", rest)),
        ("/app/lib/ojdbc.jar", ""),
        ("/app/repo/a/a.pom", ""),
        (
            "/app/ci/settings.xml",
            "<settings><mirrors><mirror><url>https://repo.acme.example/maven</url></mirror></mirrors></settings>",
        ),
    ]);
    let inputs = mvn("go-offline -s=ci/settings.xml").reads(&project);
    assert_eq!(
        inputs.files.iter().collect::<Vec<_>>(),
        ["/app/ci/settings.xml", "/app/lib/ojdbc.jar", "/app/pom.xml"]
    );
    assert!(inputs.trees.contains("/app/repo"));
}

#[test]
fn settings_and_surroundings_that_tell_more() {
    let moved = Memory::new(&[
        ("/app/pom.xml", &pom("shop", "")),
        ("/app/settings.xml", "<settings>\n<localRepository>/app/.m2</localRepository></settings>"),
    ]);
    assert_eq!(
        mvn("resolve --settings=settings.xml").unclear(&moved),
        "`/app/settings.xml` names a folder, `/app/.m2`, in line 2 [/app/settings.xml]"
    );
    let project = Memory::new(&[("/app/pom.xml", &pom("shop", ""))]);
    let with = |env| Line { env, ..mvn("resolve") };
    assert!(with(&[("MAVEN_ARGS", Some("-f other"))]).unclear(&project).contains("`-f` in `MAVEN_ARGS`"));
    assert!(with(&[("MAVEN_OPTS", None)]).unclear(&project).contains("only known when it runs"));
    with(&[("MAVEN_OPTS", Some("-Xmx1g")), ("MAVEN_CONFIG", Some("/root/.m2"))]).reads(&project);
}

#[test]
fn a_start_script_is_looked_at() {
    let project = Memory::new(&[
        ("/app/pom.xml", &pom("shop", "")),
        ("/app/mvnw", "#!/bin/sh\n. ./ci/env.sh\nexec mvn \"$@\"\n"),
    ]);
    let line = Line { command: "./mvnw", ..mvn("resolve") };
    assert_eq!(
        line.unclear(&project),
        "`/app/mvnw` is not as a known version of its tool writes it, and may read any file [/app/mvnw]"
    );
}

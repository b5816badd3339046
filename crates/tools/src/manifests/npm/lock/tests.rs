//! Lock files that stay, and ones that may not.

use super::*;

const MANIFEST: &str = "{\n  \"name\": \"app\",\n  \"version\": \"1.0.0\",\n  \"dependencies\": {\n    \"once\": \"^1.4.0\"\n  }\n}\n";

fn lock(version: u32, more: &str) -> String {
    format!(
        r#"{{
  "name": "app",
  "version": "1.0.0",
  "lockfileVersion": {version},
  "requires": true,
  "packages": {{
    "": {{
      "name": "app",
      "version": "1.0.0",
      "dependencies": {{
        "once": "^1.4.0"
      }}
    }},
    "node_modules/once": {{
      "version": "1.4.0",
      "resolved": "https://example.org/once/-/once-1.4.0.tgz",
      "integrity": "sha512-aa",
      "license": "ISC",
      "dependencies": {{
        "wrappy": "1"
      }}
    }},
    "node_modules/wrappy": {{
      "version": "1.0.2",
      "resolved": "https://example.org/wrappy/-/wrappy-1.0.2.tgz",
      "integrity": "sha512-bb"{more}
    }}
  }}
}}
"#
    )
}

fn stays(lock: &str, manifest: &str, npm: Option<u32>) -> Result<(), String> {
    let root = Package::parse(manifest).unwrap();
    lock_stays(lock, &Project { root: &root, root_text: manifest, members: &BTreeMap::new(), npm })
}

#[test]
fn a_lock_file_in_sync_stays() {
    for npm in 8..=11 {
        assert_eq!(stays(&lock(3, ""), MANIFEST, Some(npm)), Ok(()), "npm {npm}");
    }
    let (tabs, tab_manifest) = (lock(3, "").replace("  ", "\t"), MANIFEST.replace("  ", "\t"));
    assert_eq!(stays(&tabs, &tab_manifest, Some(10)), Ok(()));
}

#[test]
fn a_lock_file_that_may_change() {
    let in_sync = lock(3, "");
    let wrong = |text: &str| format!("{text}: should not be certain");
    for (lock, manifest, npm, expected) in [
        (in_sync.clone(), MANIFEST.to_owned(), None, "version is not known"),
        (in_sync.clone(), MANIFEST.to_owned(), Some(6), "version is not known"),
        (in_sync.clone(), MANIFEST.to_owned(), Some(12), "version is not known"),
        (lock(1, ""), MANIFEST.to_owned(), Some(10), "rewrite"),
        (lock(2, ""), MANIFEST.to_owned(), Some(11), "rewrite"),
        (lock(2, ""), MANIFEST.to_owned(), Some(10), "sections"),
        (in_sync.replace('\n', "\r\n"), MANIFEST.to_owned(), Some(10), "formatted"),
        (in_sync.trim_end().to_owned(), MANIFEST.to_owned(), Some(10), "formatted"),
        (in_sync.replace("  ", "    "), MANIFEST.to_owned(), Some(10), "formatted"),
        (in_sync.clone(), MANIFEST.replace("  ", "    "), Some(10), "formatted"),
        (in_sync.clone(), MANIFEST.replace("1.4.0", "1.3.0"), Some(10), "`dependencies`"),
        (in_sync.clone(), MANIFEST.replace("\"version\": \"1.0.0\",\n  ", ""), Some(10), "`version`"),
        (in_sync.clone(), MANIFEST.replace("\"version\"", "\"license\": \"MIT\",\n  \"version\""), Some(10), "`license`"),
        (in_sync.clone(), MANIFEST.replace("\"version\"", "\"overrides\": {\n    \"a\": \"1\"\n  },\n  \"version\""), Some(10), "overrides"),
        (lock(3, ",\n      \"libc\": [\n        \"glibc\"\n      ]"), MANIFEST.to_owned(), Some(10), "libc"),
        (lock(3, ",\n      \"peer\": true"), MANIFEST.to_owned(), Some(11), "peers"),
        (lock(3, ",\n      \"dependencies\": {\n        \"gone\": \"1\"\n      }"), MANIFEST.to_owned(), Some(10), "does not list `gone`"),
        (in_sync.replace("      \"license\": \"ISC\",\n      \"dependencies\": {\n        \"wrappy\": \"1\"\n      }\n", "      \"license\": \"ISC\"\n"), MANIFEST.to_owned(), Some(10), "nothing depends"),
        (in_sync.replace("sha512-bb\"", "sha512-bb\",\n      \"inBundle\": true"), MANIFEST.to_owned(), Some(9), "inBundle"),
        (in_sync.replace("wrappy\": {", "aaa\": {"), MANIFEST.to_owned(), Some(9), "order"),
    ] {
        let reason = stays(&lock, &manifest, npm).expect_err(&wrong(expected));
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
}

//! Who runs an image, from `data/users`: how a distribution makes a user, and the words that tell that a program may need to be root. It
//! knows words only; what they mean for a file is decided elsewhere.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::bases::Base;

/// All that is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Users {
    #[cfg_attr(not(test), expect(dead_code, reason = "for people"))]
    sources: Vec<String>,
    /// The numbers of a user that is made, and of its group, as `UID:GID`.
    pub owner: String,
    create: Vec<Create>,
    /// Programs and installs that ask nothing of root.
    pub programs: Programs,
    /// Words that tell of root.
    pub privileged: Privileged,
    /// What is looked for in sources.
    pub sources_of_programs: Sources,
    /// What looks like something that a program writes.
    pub data: Data,
}

/// How distributions make a user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    families: Vec<String>,
    command: String,
}

/// Programs and installs that ask nothing of root.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Programs {
    names: Vec<String>,
    installs: Vec<String>,
    /// Options of installs that put what they bring where others may not read it.
    pub private_options: Vec<String>,
}

/// Words that tell of root.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Privileged {
    words: Vec<String>,
    folders: Vec<String>,
}

/// What is looked for in sources.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sources {
    endings: Vec<String>,
    not_run: Vec<String>,
    words: Vec<String>,
    paths: Vec<String>,
    port_words: Vec<String>,
}

/// What looks like something that a program writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    folders: Vec<String>,
    endings: Vec<String>,
}

/// The data.
pub fn users() -> &'static Users {
    static USERS: LazyLock<Users> = LazyLock::new(|| {
        toml::from_str(include_str!("../data/users/users.toml")).expect("a test reads users.toml")
    });
    &USERS
}

impl Users {
    /// The command that makes the user in an image, if that is known.
    pub fn create(&self, base: &Base) -> Option<&str> {
        let family = base.family.as_ref()?;
        self.create.iter().find(|one| one.families.contains(family)).map(|one| one.command.as_str())
    }
}

impl Programs {
    /// Whether a program of this name needs no root: one of the names, perhaps with a version behind it.
    pub fn knows(&self, name: &str) -> bool {
        let version = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.');
        self.names.iter().any(|known| name.strip_prefix(known.as_str()).is_some_and(version))
    }

    /// Whether what the tool of this name installs can be read by everybody.
    pub fn installs_for_all(&self, tool: &str) -> bool {
        self.installs.iter().any(|known| known == tool)
    }
}

impl Privileged {
    /// The first word or folder in a text that tells of root.
    pub fn told_in(&self, text: &str) -> Option<&str> {
        let words: Vec<&str> = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
        let word = self.words.iter().find(|known| words.contains(&known.as_str()));
        word.or_else(|| self.folders.iter().find(|folder| text.contains(folder.as_str()))).map(String::as_str)
    }
}

impl Sources {
    /// Whether a path in the build context is a source that the program may run.
    pub fn is_source(&self, path: &str) -> bool {
        self.endings.iter().any(|ending| path.ends_with(ending.as_str()))
            && !path.split('/').any(|part| self.not_run.iter().any(|name| name == part))
    }

    /// What in a source tells that it may write files outside of what it has for itself, or need root.
    pub fn told_in(&self, text: &str) -> Option<String> {
        if let Some(word) = self.words.iter().find(|word| text.contains(word.as_str())) {
            return Some(word.clone());
        }
        let quoted =
            |path: &&String| ['"', '\'', '`'].iter().any(|quote| text.contains(&format!("{quote}{path}")));
        if let Some(path) = self.paths.iter().find(quoted) {
            return Some(path.clone());
        }
        let speaks_of_ports = |line: &&str| {
            // Modules are imported and exported.
            let line = line.to_ascii_lowercase().replace("import", "").replace("export", "");
            self.port_words.iter().any(|word| line.contains(word.as_str()))
        };
        text.lines()
            .filter(speaks_of_ports)
            .find_map(|line| privileged_port(line).map(|port| format!("port {port}")))
    }
}

impl Data {
    /// Whether a path in the build context looks like something that a program writes.
    pub fn is_data(&self, path: &str) -> bool {
        self.endings.iter().any(|ending| path.ends_with(ending.as_str()))
            || path.split('/').any(|part| self.folders.iter().any(|name| name == part))
    }
}

/// The first number in a text that is a port which not everybody may have.
pub fn privileged_port(text: &str) -> Option<u32> {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
    numbers.into_iter().find(|number| (1..1024).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_may_have_a_version() {
        let programs = &users().programs;
        for name in ["python", "python3", "python3.12", "node", "gunicorn"] {
            assert!(programs.knows(name), "{name}");
        }
        for name in ["nodemon", "python-config", "npm", "sh"] {
            assert!(!programs.knows(name), "{name}");
        }
        assert!(!users().sources.is_empty());
    }

    #[test]
    fn words_that_tell_of_root_are_whole_words() {
        let told = |text| users().privileged.told_in(text);
        assert_eq!(told("apk add --no-cache su-exec tini"), Some("su-exec"));
        assert_eq!(told("COPY site.conf /etc/nginx/conf.d/"), Some("nginx"));
        assert_eq!(told("COPY --from=build /root/.local /opt/venv"), Some("/root"));
        assert_eq!(told("RUN pip install pyinit docker-image-py"), None);
    }

    #[test]
    fn sources_tell_what_they_write() {
        let told = |text| users().sources_of_programs.told_in(text);
        assert_eq!(told("with open(path, 'w') as file:\n"), Some("'w'".to_owned()));
        assert_eq!(told("STORE = \"/var/lib/relay\"\n"), Some("/var/".to_owned()));
        assert_eq!(told("server.listen(80)\n"), Some("port 80".to_owned()));
        assert_eq!(told("app.run(host='0.0.0.0', port=8000)  # 20 threads\n"), Some("port 20".to_owned()));
        assert_eq!(told("import base64\n"), None);
        assert_eq!(told("server.listen(process.env.PORT || 3000)\nsetTimeout(tick, 500)\n"), None);
        assert!(users().sources_of_programs.is_source("src/app.py"));
        assert!(!users().sources_of_programs.is_source("tests/test_app.py"));
        assert!(users().data.is_data("app/uploads/.gitkeep") && users().data.is_data("db.sqlite3"));
        assert!(!users().data.is_data("app/database.py"));
    }
}

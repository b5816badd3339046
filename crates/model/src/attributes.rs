//! Owners and modes, as COPY gives them and as commands change them, each in one spelling. It compares texts; whose files they
//! are is asked elsewhere.

use dockopt_syntax::{Instruction, Tree};
use dockopt_tools::Gives;

use crate::Known;
use crate::state::State;

/// The attributes that a COPY gives to what it brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// The value of `--chown`; `None` for root.
    pub owner: Option<String>,
    /// The value of `--chmod`.
    pub mode: Option<String>,
    /// `--link`, with its value.
    pub link: Option<Option<String>>,
}

impl Attributes {
    /// Those of a COPY or ADD, with variables put in as far as they are known.
    pub fn of(tree: &Tree, instruction: &Instruction, state: &State) -> Self {
        let value = |name: &str| {
            let text = instruction.flag(name)?.value.clone()?;
            Some(match state.expand(&text, tree.escape) {
                Known::Is(value) => value,
                Known::Unknown => text,
            })
        };
        Self {
            owner: value("chown").filter(|owner| !is_root(owner)),
            mode: value("chmod").map(|mode| octal(&mode).map_or(mode, written)),
            link: instruction.flag("link").map(|flag| flag.value.clone()),
        }
    }

    /// With another value of that kind.
    #[must_use]
    pub fn with(&self, kind: Gives, value: &str) -> Self {
        match kind {
            Gives::Owner => {
                Self { owner: Some(value.to_owned()).filter(|owner| !is_root(owner)), ..self.clone() }
            }
            Gives::Mode => Self { mode: Some(value.to_owned()), ..self.clone() },
        }
    }

    /// Whether the owner is a name, which is looked up in the accounts of the image.
    pub fn looks_up(&self) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.contains(|c: char| !c.is_ascii_digit() && c != ':'))
    }

    /// One text for all of them.
    pub fn label(&self) -> String {
        format!("chown={:?} chmod={:?} link={:?}", self.owner, self.mode, self.link)
    }

    /// The label of a folder that is made on the way: 0755, unless `--chmod` says otherwise.
    pub fn folder_label(&self) -> String {
        new_folder(self.owner.as_deref().unwrap_or("root"), self.mode.as_deref())
    }
}

/// The label of a folder that is made where there is none.
pub fn new_folder(owner: &str, mode: Option<&str>) -> String {
    format!("new folder owner={owner} mode={mode:?}")
}

/// Whether an owner is what COPY gives without being told.
pub fn is_root(owner: &str) -> bool {
    matches!(owner, "root" | "root:root" | "0" | "0:0" | "root:0" | "0:root")
}

/// What `--chown` must be for files of root's to end as chown(1) leaves them: without a group it leaves root's, with nothing
/// behind the colon it takes the user's. `None` for what is written in another way.
pub fn owner_by_copy(owner: &str) -> Option<String> {
    let plain = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let (user, group) = owner.split_once(':').map_or((owner, None), |(user, group)| (user, Some(group)));
    if user.is_empty() || !plain(user) || !group.is_none_or(plain) {
        return None;
    }
    match group {
        None => Some(format!("{user}:root")),
        // A number alone would be the group's, too.
        Some("") => (!user.chars().all(|c| c.is_ascii_digit())).then(|| user.to_owned()),
        Some(_) => Some(owner.to_owned()),
    }
}

/// A mode of digits, without the bits that stand above the permissions.
pub fn octal(mode: &str) -> Option<u32> {
    u32::from_str_radix(mode, 8).ok().filter(|bits| *bits <= 0o777 && !mode.starts_with('+'))
}

/// How a mode is written.
pub fn written(bits: u32) -> String {
    format!("{bits:03o}")
}

/// The mode that chmod(1) makes of another, under the usual umask of a build (0022).
pub fn changed(mode: &str, old: impl FnOnce() -> Option<u32>) -> Option<u32> {
    if let Some(bits) = octal(mode) {
        return Some(bits);
    }
    let (who, rest) = mode.split_at(mode.find(['+', '-', '='])?);
    let (operator, bits) = rest.split_at(1);
    if !who.chars().all(|c| "ugoa".contains(c)) || bits.is_empty() || !bits.chars().all(|c| "rwx".contains(c))
    {
        return None;
    }
    let bits = bits.chars().fold(0, |sum, c| {
        sum | match c {
            'r' => 0o444,
            'w' => 0o222,
            _ => 0o111,
        }
    });
    let classes = who.chars().fold(0, |sum, c| {
        sum | match c {
            'u' => 0o700,
            'g' => 0o070,
            'o' => 0o007,
            _ => 0o777,
        }
    });
    let (classes, bits) = if who.is_empty() { (0o777, bits & !0o022) } else { (classes, bits & classes) };
    let old = old()?;
    match operator {
        "+" => Some(old | bits),
        "-" => Some(old & !bits),
        // Without a class, what `=` does to bits of the umask differs.
        _ if who.is_empty() => None,
        _ => Some(old & !classes | bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_as_copy_writes_them() {
        for (owner, copy) in [
            ("app:app", Some("app:app")),
            ("app", Some("app:root")),
            ("app:", Some("app")),
            ("1000:1000", Some("1000:1000")),
            ("1000", Some("1000:root")),
            ("1000:", None),
            (":app", None),
            ("app.app", None),
            ("$USER:app", None),
            ("", None),
        ] {
            assert_eq!(owner_by_copy(owner).as_deref(), copy, "{owner}");
        }
    }

    #[test]
    fn modes_as_chmod_makes_them() {
        for (mode, old, new) in [
            ("755", 0o600, Some(0o755)),
            ("0644", 0o600, Some(0o644)),
            ("+x", 0o644, Some(0o755)),
            ("+x", 0o600, Some(0o711)),
            ("+w", 0o444, Some(0o644)),
            ("a+x", 0o644, Some(0o755)),
            ("u+x", 0o644, Some(0o744)),
            ("ug+rwx", 0o644, Some(0o774)),
            ("go-rwx", 0o755, Some(0o700)),
            ("go=", 0o755, None),
            ("u=rwx", 0o640, Some(0o740)),
            ("=r", 0o640, None),
            ("u+s", 0o755, None),
            ("+X", 0o755, None),
            ("4755", 0o755, None),
            ("u+x,g+x", 0o755, None),
            ("u+", 0o755, None),
        ] {
            assert_eq!(changed(mode, || Some(old)), new, "{mode}");
        }
        assert_eq!(changed("+x", || None), None);
        assert_eq!(changed("700", || None), Some(0o700));
    }
}

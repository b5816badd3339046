//! What the managers of JavaScript packages have in common: package.json, workspaces, local packages, scripts. Must not know any
//! manager's own files.

pub(super) mod corepack;
pub(super) mod install_scripts;
pub(super) mod jsonc;
pub(super) mod local;
pub(super) mod npmrc;
pub(super) mod package;
pub(super) mod prisma;
pub(super) mod program;
pub(super) mod scripts;
pub(super) mod surroundings;

//! The bot: from the files of a repository to one pull request, opened, renewed or closed. It keeps no state of its own; what it did
//! before it reads from the forge. Must not speak HTTP and must not know which forge it is.

pub mod body;
pub mod converge;
pub mod fingerprint;
pub mod many;
pub mod plan;
pub mod repository;

pub use converge::{Ending, Next, Situation, Step, converge};
pub use many::Choice;
pub use plan::{Plan, Wishes};
pub use repository::{Report, Stop, run};

//! A channel in a child process: the supervisor here, the child's own side in [`guest`], between them
//! frames ([`frame`]) with messages ([`message`]).

mod capture;
mod frame;
mod guest;
pub(crate) mod message;
mod options;
mod process;
mod supervisor;

pub use guest::{CHILD_ARGUMENT, child_main_if_asked, forbid_core_files};
pub use options::{ChildOptions, ChildProgram};
pub use supervisor::ChildConnection;

//! A plugin's table, checked before anything in it is called.

use core::ffi::c_void;
use core::fmt;
use core::ptr;

use super::Limits;
use super::buffer::answered;
use crate::code::Error;
use crate::raw::{ChannelV1, Head};

/// Why a table is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableError {
    /// The first eight bytes are not [`crate::MAGIC`], or the table is not aligned.
    NotATable,
    /// The table is of another major version.
    WrongMajor {
        /// Major and minor of the plugin.
        plugin: (u32, u32),
        /// Major and minor of this crate.
        host: (u32, u32),
    },
    /// A required slot is empty, perhaps because `struct_size` is too short.
    EmptySlot {
        /// The slot's name.
        slot: &'static str,
        /// What the plugin says of its table's size.
        struct_size: u32,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATable => write!(f, "its symbol does not point to a channel table"),
            Self::WrongMajor { plugin, host } => write!(
                f,
                "it speaks channel ABI {}.{}, this program speaks {}.{}",
                plugin.0, plugin.1, host.0, host.1
            ),
            Self::EmptySlot { slot, struct_size } => {
                write!(f, "its table of {struct_size} bytes leaves the required slot `{slot}` empty")
            }
        }
    }
}

impl std::error::Error for TableError {}

/// A table that has been checked: the right version, no required slot empty.
#[derive(Clone, Copy, Debug)]
pub struct Table(pub(super) ChannelV1);

impl Table {
    /// Checks a table and copies it; a longer one (a higher minor) is used as far as we know it.
    ///
    /// # Errors
    /// [`TableError`], with both versions where they differ.
    ///
    /// # Safety
    /// `table` must be null or point to at least 24 readable bytes, and to `struct_size` readable bytes if the
    /// first eight are the magic number; its functions must keep to the contract for as long as the
    /// process lives.
    pub unsafe fn check(table: *const c_void) -> Result<Self, TableError> {
        // SAFETY: as the caller promises.
        let head = unsafe { Self::head(table) }.ok_or(TableError::NotATable)?;
        if head.abi_major != crate::ABI_MAJOR {
            return Err(TableError::WrongMajor {
                plugin: (head.abi_major, head.abi_minor),
                host: (crate::ABI_MAJOR, crate::ABI_MINOR),
            });
        }
        let mut copy = ChannelV1 {
            head,
            describe: None,
            open: None,
            check: None,
            apply: None,
            query: None,
            observe: None,
            cancel: None,
            close: None,
            get_extension: None,
        };
        // Whole slots only: half a pointer is none.
        let slot = size_of::<usize>();
        let known = (head.struct_size as usize).min(size_of::<ChannelV1>());
        let known = known.max(size_of::<Head>()) / slot * slot;
        // SAFETY: the plugin's table has `struct_size` bytes, ours is at least as long as what is copied, and
        // every slot may be null.
        unsafe {
            ptr::copy_nonoverlapping(table.cast::<u8>(), (&raw mut copy).cast::<u8>(), known);
        }
        for (name, empty) in [
            ("describe", copy.describe.is_none()),
            ("open", copy.open.is_none()),
            ("check", copy.check.is_none()),
            ("apply", copy.apply.is_none()),
            ("query", copy.query.is_none()),
            ("observe", copy.observe.is_none()),
            ("cancel", copy.cancel.is_none()),
            ("close", copy.close.is_none()),
        ] {
            if empty {
                return Err(TableError::EmptySlot { slot: name, struct_size: head.struct_size });
            }
        }
        Ok(Self(copy))
    }

    /// The head of a table of any major version, or `None` when it is not one.
    ///
    /// # Safety
    /// `table` must be null or point to at least 24 readable bytes.
    pub unsafe fn head(table: *const c_void) -> Option<Head> {
        if table.is_null() || !table.cast::<Head>().is_aligned() {
            return None;
        }
        // SAFETY: aligned, and 24 bytes as the caller promises.
        let head = unsafe { table.cast::<Head>().read() };
        (head.magic == crate::MAGIC).then_some(head)
    }

    /// Checks a table that is linked into this program.
    ///
    /// # Errors
    /// [`TableError`] when it was put together by hand, and wrongly.
    pub fn linked(table: &'static ChannelV1) -> Result<Self, TableError> {
        // SAFETY: a whole table of ours; its functions keep to the contract by the type's own terms.
        unsafe { Self::check(ptr::from_ref(table).cast()) }
    }

    /// The plugin's major and minor version.
    pub const fn version(&self) -> (u32, u32) {
        (self.0.head.abi_major, self.0.head.abi_minor)
    }

    /// Calls `describe`; the answer is JSON that nobody has looked at yet.
    ///
    /// # Errors
    /// The plugin's own, or [`Code::TooLarge`](crate::Code::TooLarge).
    pub fn describe(&self, limits: Limits) -> Result<Vec<u8>, Error> {
        let describe = self.0.describe.expect("checked");
        // SAFETY: a sink and an error struct that live through the call.
        answered(limits, |sink, err| unsafe { describe(sink, err) })
    }
}

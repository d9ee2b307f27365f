//! What the caller offers to a plugin, as the C functions of `gv_host`.
//!
//! A panic of the caller's own services must not unwind into foreign code: each function catches it.

use core::ffi::c_void;
use std::sync::Arc;

use super::Services;
use crate::code::Code;
use crate::raw::{self, Bytes, Sink};

/// The host's table with the services behind it. Raw pointers, for the plugin holds them as well: what a box
/// owns may not be aliased, not even while the box is moved.
pub(super) struct HostBox {
    pub(super) table: *mut raw::Host,
    /// What the table's `ctx` points to.
    services: *mut Arc<dyn Services>,
}

impl HostBox {
    pub(super) fn new(services: Arc<dyn Services>) -> Self {
        let services = Box::into_raw(Box::new(services));
        let table = Box::into_raw(Box::new(raw::Host {
            struct_size: raw::HOST_SIZE,
            abi_minor: crate::ABI_MINOR,
            ctx: services.cast(),
            log: Some(host_log),
            now_us: Some(host_now_us),
            secret: Some(host_secret),
            get_extension: None,
        }));
        Self { table, services }
    }
}

impl Drop for HostBox {
    fn drop(&mut self) {
        // SAFETY: the boxes of `new`, freed once; the channel that knew them is closed.
        unsafe {
            drop(Box::from_raw(self.table));
            drop(Box::from_raw(self.services));
        }
    }
}

/// # Safety
/// `ctx` must be that of a [`HostBox`] that still lives.
unsafe fn services<'a>(ctx: *mut c_void) -> &'a dyn Services {
    // SAFETY: as the caller promises; services are `Sync`.
    unsafe { &**ctx.cast::<Arc<dyn Services>>() }
}

/// Longest log line or secret's name that is taken, in bytes.
const TEXT_MAX: usize = 16 << 10;

unsafe extern "C" fn host_log(ctx: *mut c_void, level: i32, message: Bytes) {
    // SAFETY: the plugin hands back our `ctx` before `close` returns, and bytes that live through the call.
    let (services, bytes) = unsafe { (services(ctx), message.as_slice()) };
    let Some(bytes) = bytes else { return };
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(TEXT_MAX)]);
    // A panic of the host's own must not unwind into foreign code.
    let _ = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| services.log(level, &text)));
}

unsafe extern "C" fn host_now_us(ctx: *mut c_void) -> i64 {
    // SAFETY: the plugin hands back our `ctx` before `close` returns.
    let services = unsafe { services(ctx) };
    std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| services.now_us())).unwrap_or(0)
}

unsafe extern "C" fn host_secret(ctx: *mut c_void, name: Bytes, out: Sink) -> i32 {
    // SAFETY: the plugin hands back our `ctx` before `close` returns, and bytes that live through the call.
    let (services, name) = unsafe { (services(ctx), name.as_slice()) };
    let Some(name) = name.filter(|name| name.len() <= TEXT_MAX).and_then(|name| str::from_utf8(name).ok())
    else {
        return Code::BadRequest as i32;
    };
    let secret = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| services.secret(name)))
        .unwrap_or(Err(Code::Internal));
    match (secret, out.write) {
        // SAFETY: the plugin's sink with the plugin's context.
        (Ok(secret), Some(write)) => unsafe { write(out.ctx, Bytes::of(secret.as_bytes())) },
        (Ok(_), None) => Code::BadRequest as i32,
        (Err(code), _) => code as i32,
    }
}

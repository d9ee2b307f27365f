/* gevinst channel plugin ABI, major 1.
 *
 * A plugin is a dynamic library that exports one data symbol, gevinst_channel_v1. Nothing is called when it
 * is loaded, and it is never unloaded. Results go into memory that the caller owns; apart from the Arrow
 * stream, which carries its own release callbacks, nothing allocated on one side is freed on the other.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef GEVINST_CHANNEL_V1_H
#define GEVINST_CHANNEL_V1_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define GEVINST_MAGIC UINT64_C(0x3154534E49564547) /* "GEVINST1" in memory order, little endian */
#define GEVINST_ABI_MAJOR 1u
#define GEVINST_ABI_MINOR 0u

/* ---- The Arrow C data and stream interfaces, as published. ------------------------------------------- */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};
#endif

/* Rows of observe(), schema "aggregates/1": one struct ("+s") with exactly these children, none of them
 * nullable: period_start "tsu:UTC", arm "I", metric "I", count "L", sum "g", sum_sq "g".
 * A row replaces what was known of its (arm, period_start, metric). A missing row is not a zero. */

/* ---- Bytes in and out. -------------------------------------------------------------------------------- */

/* Borrowed bytes: the callee must not keep the pointer after it returns. ptr may be NULL when len is 0. */
typedef struct gv_bytes { const uint8_t *ptr; uint64_t len; } gv_bytes;

/* Where results go. The host owns the memory and bounds its size; a non-zero return means stop and return
 * GV_TOO_LARGE. May be called several times: the chunks are appended. */
typedef struct gv_sink { void *ctx; int32_t (*write)(void *ctx, gv_bytes chunk); } gv_sink;

/* ---- Errors. ------------------------------------------------------------------------------------------ */

/* Stable numbers; only the end of the list may grow. Of apply() the host takes BAD_REQUEST, BAD_CONFIG,
 * UNSUPPORTED, AUTH, RATE_LIMITED and NOT_APPLIED to mean that the platform did not act; every other
 * number, and a plugin that dies, means that it may have. */
enum {
  GV_OK = 0,
  GV_BAD_CONFIG = 1,       /* field: JSON pointer into the configuration          */
  GV_BAD_REQUEST = 2,      /* field: JSON pointer into the request                */
  GV_UNSUPPORTED = 3,
  GV_AUTH = 4,             /* signing in failed or the account may not do this    */
  GV_RATE_LIMITED = 5,     /* retry_after_ms, 0 when the platform did not say     */
  GV_UNAVAILABLE = 6,
  GV_NOT_APPLIED = 7,      /* the platform certainly did not act                  */
  GV_UNKNOWN_OUTCOME = 8,  /* it may have: the host must query, never retry       */
  GV_CANCELLED = 9,
  GV_TOO_LARGE = 10,
  GV_INTERNAL = 11
};

/* Caller-allocated and zeroed but for struct_size, nothing to release, safe to read after death. */
typedef struct gv_error {
  uint32_t struct_size; int32_t code; int64_t retry_after_ms;
  char field[64];      /* JSON pointer into the config or request, or ""  */
  char message[952];   /* UTF-8, NUL-terminated, one sentence             */
} gv_error;

/* ---- What the host offers. ---------------------------------------------------------------------------- */

/* Levels of log(). */
enum { GV_LOG_ERROR = 1, GV_LOG_WARN = 2, GV_LOG_INFO = 3, GV_LOG_DEBUG = 4 };

/* Given to open(); every function may be called from any thread until close() returns. The struct itself
 * stays where it is for as long. */
typedef struct gv_host {
  uint32_t struct_size; uint32_t abi_minor; void *ctx;
  void    (*log)(void *ctx, int32_t level, gv_bytes message);
  int64_t (*now_us)(void *ctx);  /* the only clock: UTC, simulated in rehearsals */
  int32_t (*secret)(void *ctx, gv_bytes name, gv_sink out); /* GV_OK or an error number */
  const void *(*get_extension)(void *ctx, const char *id); /* "x.http/1"; the slot and its answer may be NULL */
} gv_host;

/* ---- What the plugin exports. ------------------------------------------------------------------------- */

typedef struct gv_channel gv_channel; /* opaque, the plugin's */

/* The first 24 bytes never change, in any major version. Only the last slot may be NULL. */
typedef struct gevinst_channel_v1_t {
  uint64_t magic; uint32_t abi_major; uint32_t abi_minor; uint32_t struct_size; uint32_t reserved;
  /* [no instance, no I/O, any thread] */
  int32_t (*describe)(gv_sink out, gv_error *err);
  /* [one thread at a time per channel; not always the same thread] */
  int32_t (*open)(const gv_host *host, gv_bytes config_json, gv_channel **out, gv_error *err);
  int32_t (*check)(gv_channel *, gv_error *err);
  int32_t (*apply)(gv_channel *, gv_bytes command_json, gv_sink receipt, gv_error *err);
  int32_t (*query)(gv_channel *, gv_bytes request_json, gv_sink state, gv_error *err);
  /* The stream is drained and released, on one thread, before the next call on this channel. */
  int32_t (*observe)(gv_channel *, gv_bytes request_json, struct ArrowArrayStream *rows,
                     gv_sink cursor_after, gv_error *err);
  /* [any thread, at any time between open and close]: the call in progress should return soon, with
     GV_CANCELLED, or from apply() with what it knows. Does nothing when no call is in progress. */
  void    (*cancel)(gv_channel *);
  void    (*close)(gv_channel *);
  const void *(*get_extension)(const char *id);
  /* minor 1 appends here */
} gevinst_channel_v1_t;

extern const gevinst_channel_v1_t gevinst_channel_v1;
#ifdef __cplusplus
}
#endif
#endif

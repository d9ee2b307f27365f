/* A channel in plain C: what an author without Rust starts from, and the proof that the header is enough.
 *
 * A platform in a file whose days are those of UTC, budgets spent evenly, a lead for every 100 kroner. It reads the host's JSON (compact,
 * keys as the contract has them) with a few lines of its own; a real plugin takes a JSON library.
 * Compiled with -DFAULT_..., it does one thing wrong that the Rust SDK would not let it do. */
#include "gevinst_channel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_US INT64_C(3600000000)
#define DAY_US (24 * HOUR_US)
#define NAME_MAX_BYTES 128

/* ---- Errors and answers. ---- */

static int32_t fail(gv_error *err, int32_t code, const char *field, const char *message) {
  if (err && err->struct_size >= sizeof *err) {
    err->code = code;
    snprintf(err->field, sizeof err->field, "%s", field);
    snprintf(err->message, sizeof err->message, "%s", message);
  }
  return code;
}

static int32_t answer(gv_sink out, const char *text, gv_error *err) {
  gv_bytes bytes = { (const uint8_t *)text, strlen(text) };
  if (!out.write || out.write(out.ctx, bytes)) return fail(err, GV_TOO_LARGE, "", "the host takes no more");
  return GV_OK;
}

/* ---- JSON, as much as is needed. ---- */

static char *copy(gv_bytes json) {
  char *text = malloc(json.len + 1);
  if (!text) return NULL;
  memcpy(text, json.ptr, json.len);
  text[json.len] = 0;
  return text;
}

/* What follows "key":, or NULL. */
static const char *value_of(const char *json, const char *key) {
  char quoted[NAME_MAX_BYTES + 4];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *at = strstr(json, quoted);
  return at ? at + strlen(quoted) : NULL;
}

/* A text without escapes; 0 when it is none. */
static int text_of(const char *json, const char *key, char out[NAME_MAX_BYTES]) {
  const char *at = value_of(json, key);
  if (!at || *at != '"') return 0;
  size_t length = strcspn(at + 1, "\"\\");
  if (at[1 + length] != '"' || length >= NAME_MAX_BYTES) return 0;
  memcpy(out, at + 1, length);
  out[length] = 0;
  return 1;
}

static int number_of(const char *json, const char *key, int64_t *out) {
  const char *at = value_of(json, key);
  char *end;
  if (!at) return 0;
  errno = 0;
  *out = strtoll(at, &end, 10);
  return end != at && errno == 0;
}

/* ---- The channel. ---- */

struct entry { char experiment[NAME_MAX_BYTES], arm[NAME_MAX_BYTES]; int64_t at_us, seq, minor; int paused; };

struct gv_channel {
  const gv_host *host;
  char currency[NAME_MAX_BYTES], file[NAME_MAX_BYTES * 4];
  struct entry *entries;
  size_t count;
};

static int remember(gv_channel *channel, const struct entry *entry) {
  struct entry *more = realloc(channel->entries, (channel->count + 1) * sizeof *more);
  if (!more) return 0;
  channel->entries = more;
  more[channel->count++] = *entry;
  return 1;
}

static const struct entry *last(const gv_channel *channel, const char *experiment, const char *arm, int64_t at_us) {
  for (size_t i = channel->count; i-- > 0;) {
    const struct entry *entry = &channel->entries[i];
    if (!strcmp(entry->experiment, experiment) && !strcmp(entry->arm, arm) && entry->at_us <= at_us) return entry;
  }
  return NULL;
}

static int32_t describe(gv_sink out, gv_error *err) {
  const char *version = "0.1.0";
#ifdef FAULT_DESCRIBES_DIFFERENTLY
  static int calls;
  version = calls++ % 2 ? "0.1.1" : "0.1.0";
#endif
  const char *major = "1", *capabilities = "\"apply\",\"query\",\"observe\"", *state_file = ",\"state_file\":{}";
#ifdef FAULT_OTHER_ABI
  major = "9";
#endif
#ifdef FAULT_NO_QUERY
  capabilities = "\"apply\",\"observe\"";
#endif
#ifdef FAULT_SHORT_SCHEMA
  state_file = "";
#endif
  char text[1024];
  snprintf(text, sizeof text,
           "{\"id\":\"plain-c\",\"version\":\"%s\",\"abi\":[%s,0],\"capabilities\":[%s],"
           "\"metrics\":[\"spend\",\"lead\"],\"grain\":\"hour\",\"min_step\":{\"minor\":1,\"currency\":null},"
           "\"restatement_days\":0,\"config_schema\":{\"type\":\"object\",\"properties\":{\"currency\":{},"
           "\"timezone\":{}%s}}}", version, major, capabilities, state_file);
  return answer(out, text, err);
}

/* Walks over a flat object of texts; refuses everything else. */
static int32_t read_config(const char *json, gv_channel *channel, gv_error *err) {
  const char *at = json;
  if (*at++ != '{') return fail(err, GV_BAD_CONFIG, "", "expected an object");
  while (*at && *at != '}') {
    char key[NAME_MAX_BYTES], field[NAME_MAX_BYTES + 1];
    size_t length = *at == '"' ? strcspn(at + 1, "\"\\") : NAME_MAX_BYTES;
    if (length >= NAME_MAX_BYTES) return fail(err, GV_BAD_CONFIG, "", "unknown key");
    memcpy(key, at + 1, length);
    key[length] = 0;
    at += length + 3;
    snprintf(field, sizeof field, "/%s", key);
    char *place = !strcmp(key, "currency") ? channel->currency : !strcmp(key, "state_file") ? channel->file : NULL;
    size_t room = place == channel->file ? sizeof channel->file : sizeof channel->currency;
    if (!place && strcmp(key, "timezone")) return fail(err, GV_BAD_CONFIG, field, "unknown key");
    if (*at != '"') return fail(err, GV_BAD_CONFIG, field, "expected a text");
    if (!strcmp(key, "timezone") && strncmp(at, "\"UTC\"", 5))
      return fail(err, GV_BAD_CONFIG, field, "the platform's days are those of UTC: expected \"UTC\"");
    length = strcspn(at + 1, "\"\\");
    if (at[1 + length] != '"' || length >= room) return fail(err, GV_BAD_CONFIG, field, "cannot be used");
    if (place) { memcpy(place, at + 1, length); place[length] = 0; }
    at += length + 2;
    if (*at == ',') at++;
  }
  return channel->currency[0] ? GV_OK : fail(err, GV_BAD_CONFIG, "", "`currency` is missing");
}

static void close_channel(gv_channel *channel) {
  if (!channel) return;
  free(channel->entries);
  free(channel);
}

static int32_t open_channel(const gv_host *host, gv_bytes config, gv_channel **out, gv_error *err) {
  gv_channel *channel = calloc(1, sizeof *channel);
  char *json = copy(config);
  int32_t code = channel && json ? read_config(json, channel, err) : fail(err, GV_INTERNAL, "", "no memory");
  free(json);
  if (code) { close_channel(channel); return code; }
  channel->host = host;
  FILE *file = channel->file[0] ? fopen(channel->file, "r") : NULL;
  struct entry entry;
  while (file && fscanf(file, "%127s %127s %" SCNd64 " %" SCNd64 " %" SCNd64 " %d\n", entry.experiment, entry.arm,
                        &entry.at_us, &entry.seq, &entry.minor, &entry.paused) == 6)
    remember(channel, &entry);
  if (file) fclose(file);
  *out = channel;
  return GV_OK;
}

static int32_t check(gv_channel *channel, gv_error *err) { (void)channel; (void)err; return GV_OK; }

static int32_t apply(gv_channel *channel, gv_bytes command, gv_sink receipt, gv_error *err) {
  struct entry new = { .at_us = channel->host->now_us(channel->host->ctx) };
  char currency[NAME_MAX_BYTES], key[NAME_MAX_BYTES], text[1024];
  int64_t not_after_us;
  char *json = copy(command);
  int good = json && text_of(json, "key", key) && text_of(json, "experiment", new.experiment) &&
             text_of(json, "arm", new.arm) && number_of(json, "seq", &new.seq) &&
             number_of(json, "minor", &new.minor) && text_of(json, "currency", currency) &&
             number_of(json, "not_after_us", &not_after_us);
  const char *paused = good ? value_of(json, "paused") : NULL;
  new.paused = paused && !strncmp(paused, "true", 4);
  free(json);
  if (!good || !paused) return fail(err, GV_BAD_REQUEST, "", "a command that cannot be understood");
#ifndef FAULT_FORGETS_NOT_AFTER
  if (new.at_us > not_after_us) return fail(err, GV_NOT_APPLIED, "", "the command came too late");
#endif
  if (strcmp(currency, channel->currency))
    return fail(err, GV_BAD_REQUEST, "/set/daily_budget/currency", "not the account's currency");
  if (new.minor < 0) return fail(err, GV_BAD_REQUEST, "/set/daily_budget/minor", "a budget is not negative");
  const struct entry *now = last(channel, new.experiment, new.arm, INT64_MAX);
  int applied = !now || now->seq < new.seq;
  if (applied) {
    FILE *file = channel->file[0] ? fopen(channel->file, "a") : NULL;
    if (file) {
      fprintf(file, "%s %s %" PRId64 " %" PRId64 " %" PRId64 " %d\n", new.experiment, new.arm, new.at_us, new.seq,
              new.minor, new.paused);
      if (fclose(file)) return fail(err, GV_UNKNOWN_OUTCOME, "", "the state file cannot be written");
    }
    if (!remember(channel, &new)) return fail(err, GV_UNKNOWN_OUTCOME, "", "no memory");
    now = &new;
  }
  snprintf(text, sizeof text,
           "{\"key\":\"%s\",\"seq\":%" PRId64 ",\"applied\":%s,\"state\":{\"daily_budget\":{\"minor\":%" PRId64
           ",\"currency\":\"%s\"},\"paused\":%s,\"last_seq\":%" PRId64 "}}",
           key, new.seq, applied ? "true" : "false", now->minor, currency, now->paused ? "true" : "false", now->seq);
  return answer(receipt, text, err);
}

static int32_t query(gv_channel *channel, gv_bytes request, gv_sink state, gv_error *err) {
  char experiment[NAME_MAX_BYTES], arm[NAME_MAX_BYTES], text[512];
  char *json = copy(request);
  int good = json && text_of(json, "experiment", experiment) && text_of(json, "arm", arm);
  free(json);
  if (!good) return fail(err, GV_BAD_REQUEST, "", "a query that cannot be understood");
  const struct entry *now = last(channel, experiment, arm, INT64_MAX);
  if (!now) return answer(state, "{\"exists\":false,\"daily_budget\":null,\"paused\":false,\"last_seq\":null}", err);
  snprintf(text, sizeof text,
           "{\"exists\":true,\"daily_budget\":{\"minor\":%" PRId64 ",\"currency\":\"%s\"},\"paused\":%s,"
           "\"last_seq\":%" PRId64 "}", now->minor, channel->currency, now->paused ? "true" : "false", now->seq);
  return answer(state, text, err);
}

/* ---- Observations: six columns, one array. ---- */

enum { COLUMNS = 6 };
static const char *const FORMATS[COLUMNS] = { "tsu:UTC", "I", "I", "L", "g", "g" };
static const size_t WIDTHS[COLUMNS] = { 8, 4, 4, 8, 8, 8 };
static const char *const NAMES[COLUMNS] = { "period_start", "arm", "metric", "count", "sum", "sum_sq" };

struct rows {
  size_t count, room;
  void *column[COLUMNS];
  int given;
  struct ArrowSchema schemas[COLUMNS], *schema_list[COLUMNS];
  struct ArrowArray arrays[COLUMNS], *array_list[COLUMNS];
  const void *buffers[COLUMNS][2], *no_validity[1];
};

static void free_rows(struct rows *rows) {
  if (!rows) return;
  for (int i = 0; i < COLUMNS; i++) free(rows->column[i]);
  free(rows);
}

static int add(struct rows *rows, int64_t period, uint32_t arm, uint32_t metric, uint64_t number, double sum, double sq) {
  if (rows->count == rows->room) {
    size_t room = rows->room ? rows->room * 2 : 1024;
    for (int i = 0; i < COLUMNS; i++) {
      void *more = realloc(rows->column[i], room * WIDTHS[i]);
      if (!more) return 0;
      rows->column[i] = more;
    }
    rows->room = room;
  }
  size_t at = rows->count++;
  ((int64_t *)rows->column[0])[at] = period;
  ((uint32_t *)rows->column[1])[at] = arm;
  ((uint32_t *)rows->column[2])[at] = metric;
  ((uint64_t *)rows->column[3])[at] = number;
  ((double *)rows->column[4])[at] = sum;
  ((double *)rows->column[5])[at] = sq;
  return 1;
}

/* Everything belongs to the stream, so that releasing a schema or an array is only a mark. */
static void release_schema(struct ArrowSchema *schema) {
  for (int64_t i = 0; i < schema->n_children; i++) schema->children[i]->release = NULL;
  schema->release = NULL;
}

static void release_array(struct ArrowArray *array) {
  for (int64_t i = 0; i < array->n_children; i++) array->children[i]->release = NULL;
#ifndef FAULT_FORGETS_RELEASE
  array->release = NULL;
#endif
}

static void release_stream(struct ArrowArrayStream *stream) {
  free_rows(stream->private_data);
  stream->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  struct rows *rows = stream->private_data;
  for (int i = 0; i < COLUMNS; i++) {
    rows->schemas[i] = (struct ArrowSchema){ .format = FORMATS[i], .name = NAMES[i], .release = release_schema };
    rows->schema_list[i] = &rows->schemas[i];
  }
#ifdef FAULT_SIGNED_ARMS
  rows->schemas[1].format = "i";
#endif
  *out = (struct ArrowSchema){ .format = "+s", .name = "", .n_children = COLUMNS, .children = rows->schema_list,
                               .release = release_schema };
  return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  struct rows *rows = stream->private_data;
  memset(out, 0, sizeof *out);
  if (rows->given || !rows->count) return 0;
  rows->given = 1;
#ifdef FAULT_STREAM_FAILS
  return EIO;
#endif
  for (int i = 0; i < COLUMNS; i++) {
    rows->buffers[i][0] = NULL;
    rows->buffers[i][1] = rows->column[i];
    rows->arrays[i] = (struct ArrowArray){ .length = (int64_t)rows->count, .n_buffers = 2, .buffers = rows->buffers[i],
                                           .release = release_array };
    rows->array_list[i] = &rows->arrays[i];
  }
#ifdef FAULT_HAS_NULLS
  static const uint8_t validity[1 << 16];
  rows->arrays[3].null_count = 1;
  rows->buffers[3][0] = validity;
#endif
#ifdef FAULT_SHORT_COLUMN
  rows->arrays[4].length--;
#endif
  *out = (struct ArrowArray){ .length = (int64_t)rows->count, .n_buffers = 1, .n_children = COLUMNS,
                              .buffers = rows->no_validity, .children = rows->array_list, .release = release_array };
  return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
  (void)stream;
  return "the report was cut off";
}

/* The next {"code":…,"name":…} of a list, or NULL. */
static const char *coded(const char *at, int64_t *code, char name[NAME_MAX_BYTES]) {
  const char *end = at ? strpbrk(at, "{]") : NULL;
  if (!end || *end == ']') return NULL;
  return number_of(end, "code", code) && text_of(end, "name", name) ? strchr(end, '}') : NULL;
}

static int32_t observe(gv_channel *channel, gv_bytes request, struct ArrowArrayStream *out, gv_sink cursor_after,
                       gv_error *err) {
  char experiment[NAME_MAX_BYTES], cursor[NAME_MAX_BYTES], arm[NAME_MAX_BYTES], metric[NAME_MAX_BYTES], text[256];
  int64_t from_us, to_us, now_us = channel->host->now_us(channel->host->ctx), arm_code, metric_code;
  struct rows *rows = calloc(1, sizeof *rows);
  char *json = copy(request);
  if (!rows || !json || !text_of(json, "experiment", experiment) || !number_of(json, "from_us", &from_us) ||
      !number_of(json, "to_us", &to_us) || !value_of(json, "arms") || !value_of(json, "metrics")) {
    free(json);
    free_rows(rows);
    return fail(err, GV_BAD_REQUEST, "", "a request that cannot be understood");
  }
  const char *grain = value_of(json, "grain");
  int64_t length = grain && !strncmp(grain, "\"day\"", 5) ? DAY_US : HOUR_US;
  int64_t start = text_of(json, "cursor", cursor) && atoll(cursor) > from_us ? atoll(cursor) : from_us;
  start = (start + length - 1) / length * length;
  int good = 1;
  for (; start + length <= (to_us < now_us ? to_us : now_us); start += length)
    for (const char *a = value_of(json, "arms"); (a = coded(a, &arm_code, arm));) {
      if (!last(channel, experiment, arm, start + length - 1)) continue; /* not launched yet: no row, not a zero */
      int64_t spend = 0;
      for (int64_t hour = start; hour < start + length; hour += HOUR_US) {
        const struct entry *then = last(channel, experiment, arm, hour);
        spend += then && !then->paused ? then->minor / 24 : 0;
      }
      int64_t leads = spend / 10000;
      for (const char *m = value_of(json, "metrics"); (m = coded(m, &metric_code, metric));) {
        if (!strcmp(metric, "spend"))
          good &= add(rows, start, (uint32_t)arm_code, (uint32_t)metric_code, 1, (double)spend, (double)spend * (double)spend);
        else if (!strcmp(metric, "lead"))
          good &= add(rows, start, (uint32_t)arm_code, (uint32_t)metric_code, (uint64_t)leads, (double)leads, (double)leads);
      }
    }
  free(json);
  snprintf(text, sizeof text, "{\"cursor\":\"%" PRId64 "\",\"fresh_until_us\":%" PRId64 "}", start, start);
  int32_t code = good ? answer(cursor_after, text, err) : fail(err, GV_INTERNAL, "", "no memory");
  if (code) { free_rows(rows); return code; }
#ifdef FAULT_NO_STREAM
  free_rows(rows);
  return GV_OK;
#endif
  *out = (struct ArrowArrayStream){ .get_schema = get_schema, .get_next = get_next, .get_last_error = get_last_error,
                                    .release = release_stream, .private_data = rows };
  return GV_OK;
}

static void cancel(gv_channel *channel) { (void)channel; }

const gevinst_channel_v1_t gevinst_channel_v1 = {
  .magic = GEVINST_MAGIC, .abi_major = GEVINST_ABI_MAJOR, .abi_minor = GEVINST_ABI_MINOR,
  .struct_size = sizeof(gevinst_channel_v1_t),
  .describe = describe, .open = open_channel, .check = check, .apply = apply, .query = query, .observe = observe,
  .cancel = cancel,
#ifndef FAULT_EMPTY_SLOT
  .close = close_channel,
#endif
};

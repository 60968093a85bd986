/* Reads the responses of an HTTP server (RFC 9112) and compares each with what has to come. It is stricter than a client has
 * to be: 200, a length or chunks, and a connection that stays open. */
#include "load.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { head_max = 2048, chunk_line_max = 16 };

enum part { head, body, chunk_line, chunk, chunk_end };

struct response {
  enum part part;
  size_t length;       /* Of `bytes`. */
  char bytes[head_max]; /* Of a head or of a chunk's line, as far as it has come. */
  bool is_last_chunk;
};

void connection_connect(struct connection *connection, const struct options *options) {
  memset(connection, 0, sizeof *connection);
  connection->fd = socket_connect(options->port, true);
  connection->response = calloc(1, sizeof *connection->response);
}

/* The length of a header field's value without the white space around it; 0 when the line is of another field. */
static size_t field_value(const char *line, size_t length, const char *name, const char **value) {
  size_t name_length = strlen(name);
  if (length <= name_length || line[name_length] != ':' || strncasecmp(line, name, name_length) != 0) return 0;
  const char *start = line + name_length + 1, *end = line + length;
  while (start < end && (*start == ' ' || *start == '\t')) start++;
  while (start < end && (end[-1] == ' ' || end[-1] == '\t')) end--;
  *value = start;
  return (size_t)(end - start);
}

static bool is_text(const char *value, size_t length, const char *text) {
  return length == strlen(text) && strncasecmp(value, text, length) == 0;
}

static uint64_t decimal(const char *digits, size_t length) {
  uint64_t number = 0;
  if (length > 15) fail("a Content-Length has %zu characters", length);
  for (size_t i = 0; i < length; i++) {
    if (digits[i] < '0' || digits[i] > '9') fail("a Content-Length is \"%.*s\"", (int)length, digits);
    number = number * 10 + (uint64_t)(digits[i] - '0');
  }
  return number;
}

/* Reads a head, which ends with an empty line, and says what comes after it. */
static void begin_body(struct connection *connection, const struct script *script) {
  struct response *response = connection->response;
  const char *line = response->bytes, *end = response->bytes + response->length - 2;
  if (strncmp(line, "HTTP/1.1 200", 12) != 0 || (line[12] != ' ' && line[12] != '\r'))
    fail("a response has to begin with HTTP/1.1 200, and begins with %.*s", (int)strcspn(line, "\r\n"), line);
  bool has_length = false, is_chunked = false;
  while ((line = (const char *)memmem(line, (size_t)(end - line), "\r\n", 2) + 2) < end) {
    const char *value;
    size_t length = (size_t)((const char *)memmem(line, (size_t)(end - line), "\r\n", 2) - line), value_length;
    if (memchr(line, ':', length) == NULL) fail("a line of a head is no header field: %.*s", (int)length, line);
    if ((value_length = field_value(line, length, "Content-Length", &value)) > 0) {
      if (has_length) fail("a response has two lengths");
      has_length = true;
      connection->remaining = decimal(value, value_length);
    } else if ((value_length = field_value(line, length, "Transfer-Encoding", &value)) > 0) {
      if (is_chunked || !is_text(value, value_length, "chunked"))
        fail("a Transfer-Encoding is not \"chunked\" alone: %.*s", (int)value_length, value);
      is_chunked = true;
    } else if ((value_length = field_value(line, length, "Content-Encoding", &value)) > 0) {
      fail("a response is encoded, and nobody asked for it: %.*s", (int)value_length, value);
    } else if ((value_length = field_value(line, length, "Connection", &value)) > 0) {
      if (is_text(value, value_length, "close")) fail("the server closes a connection that is to be kept");
    }
  }
  if (has_length == is_chunked) fail("a response has to have either a Content-Length or chunks");
  const struct reply *reply = reply_expected(connection, script);
  if (has_length && connection->remaining != reply->length)
    fail("a response has %llu bytes, but has to have %u", (unsigned long long)connection->remaining, reply->length);
  connection->length = 0;
  response->length = 0;
  response->part = is_chunked ? chunk_line : body;
}

/* A size in hexadecimal and nothing else: no server has a reason to send extensions. */
static void begin_chunk(struct connection *connection) {
  struct response *response = connection->response;
  char *end;
  response->bytes[response->length - 2] = '\0';
  connection->remaining = strtoull(response->bytes, &end, 16);
  if (strspn(response->bytes, "0123456789abcdefABCDEF") != response->length - 2 || response->length == 2)
    fail("a chunk begins with \"%s\"", response->bytes);
  response->is_last_chunk = connection->remaining == 0;
  response->length = 0;
  response->part = response->is_last_chunk ? chunk_end : chunk;
}

static void end_body(struct connection *connection, const struct script *script) {
  const struct reply *reply = reply_expected(connection, script);
  if (connection->length != reply->length)
    fail("a response has %llu bytes, but has to have %u", (unsigned long long)connection->length, reply->length);
  connection->messages++;
  connection->response->part = head;
}

/* Moves bytes behind those that are there, up to and including `mark`; returns how many. `is_whole` says whether the mark came. */
static size_t gather(struct response *response, const uint8_t *bytes, size_t length, const char *mark, size_t max, bool *is_whole) {
  size_t mark_length = strlen(mark), had = response->length;
  size_t room = max - had, taken = length < room ? length : room;
  memcpy(response->bytes + had, bytes, taken);
  /* The mark may have begun in what was there. */
  size_t from = had < mark_length ? 0 : had - mark_length + 1;
  const char *found = memmem(response->bytes + from, had + taken - from, mark, mark_length);
  *is_whole = found != NULL;
  if (found != NULL) taken = (size_t)(found - response->bytes) + mark_length - had;
  else if (taken == room) fail(response->part == chunk_end ? "a chunk is longer than it says" : "a head, or the line of a chunk, is too long");
  response->length = had + taken;
  return taken;
}

uint32_t responses_receive(struct connection *connection, const struct script *script, const uint8_t *bytes, size_t length) {
  struct response *response = connection->response;
  uint64_t before = connection->messages;
  for (size_t taken; length > 0; bytes += taken, length -= taken) {
    bool is_whole;
    switch (response->part) {
    case head:
      taken = gather(response, bytes, length, "\r\n\r\n", head_max, &is_whole);
      if (is_whole) begin_body(connection, script);
      break;
    case chunk_line:
      taken = gather(response, bytes, length, "\r\n", chunk_line_max, &is_whole);
      if (is_whole) begin_chunk(connection);
      break;
    case chunk_end:
      taken = gather(response, bytes, length, "\r\n", 2, &is_whole);
      if (!is_whole) break;
      response->length = 0;
      response->part = chunk_line;
      if (response->is_last_chunk) end_body(connection, script);
      break;
    default:
      taken = connection->remaining < length ? (size_t)connection->remaining : length;
      payload_take(connection, script, bytes, taken);
      if (connection->remaining > 0) break;
      if (response->part == chunk) response->part = chunk_end;
      else end_body(connection, script);
    }
  }
  return (uint32_t)(connection->messages - before);
}

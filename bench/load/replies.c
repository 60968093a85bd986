/* Reads the frames of a server (RFC 6455 section 5.2) and compares each message with what has to come. */
#include "load.h"
#include <string.h>

enum { fin = 0x80, opcode_bits = 0x0f, reserved_and_opcode = 0x7f, control_bit = 0x08, mask_bit = 0x80, close_opcode = 8 };

/* Of large messages only some are compared byte by byte; of all of them the length and the kind. */
enum { small_message = 1024, sample_every = 16 };

const struct reply *reply_expected(const struct connection *connection, const struct script *script) {
  return &script->replies[connection->messages % ((uint64_t)script->units * script->replies_per_unit)];
}

static void begin_frame(struct connection *connection, const struct script *script) {
  const uint8_t *header = connection->header;
  uint64_t length = header[1];
  if (length == 126) length = (uint64_t)header[2] << 8 | header[3];
  if (length == 127) {
    length = 0;
    for (int i = 2; i < 10; i++) length = length << 8 | header[i];
  }
  connection->remaining = length;
  connection->is_last = (header[0] & fin) != 0;
  connection->is_control = (header[0] & control_bit) != 0;
  if ((header[0] & opcode_bits) == close_opcode) fail("the server closed a connection");
  if (connection->is_control) return;
  bool is_continuation = (header[0] & opcode_bits) == 0;
  if (is_continuation != connection->in_message) fail("a frame with opcode %d stands in the wrong place", header[0] & 15);
  if (is_continuation) return;
  connection->in_message = true;
  connection->first_byte = header[0] & reserved_and_opcode;
  connection->length = 0;
  const struct reply *reply = reply_expected(connection, script);
  if (connection->first_byte != (reply->first_byte & reserved_and_opcode))
    fail("a message begins with %#x, but has to begin with %#x", header[0], reply->first_byte);
}

/* Returns whether a message is complete. */
static bool end_frame(struct connection *connection, const struct script *script) {
  connection->header_have = 0;
  connection->header_need = 2;
  if (connection->is_control || !connection->is_last) return false;
  const struct reply *reply = reply_expected(connection, script);
  if (reply->length != any_length && connection->length != reply->length)
    fail("a message has %llu bytes, but has to have %u", (unsigned long long)connection->length, reply->length);
  if (reply->length == any_length && connection->length == 0) fail("a compressed message has no bytes");
  connection->in_message = false;
  connection->messages++;
  return true;
}

void payload_take(struct connection *connection, const struct script *script, const uint8_t *bytes, size_t length) {
  connection->remaining -= length;
  if (connection->is_control) return;
  const struct reply *reply = reply_expected(connection, script);
  uint64_t end = connection->length + length;
  if (reply->content != NULL && (reply->length <= small_message || connection->messages % sample_every == 0)) {
    if (end > reply->length || memcmp(reply->content + connection->length, bytes, length) != 0)
      fail("message %llu of a connection is not what has to come", (unsigned long long)connection->messages);
  }
  connection->length = end;
}

uint32_t replies_receive(struct connection *connection, const struct script *script, const uint8_t *bytes, size_t length) {
  const uint8_t *end = bytes + length;
  uint32_t completed = 0;
  while (bytes < end) {
    while (connection->header_have < connection->header_need && bytes < end) {
      connection->header[connection->header_have++] = *bytes++;
      if (connection->header_have != 2) continue;
      uint8_t second = connection->header[1];
      if (second & mask_bit) fail("a frame of the server is masked (RFC 6455 section 5.1)");
      connection->header_need = second == 126 ? 4 : second == 127 ? 10 : 2;
    }
    if (connection->header_have < connection->header_need) break;
    if (connection->header_have != UINT8_MAX) {
      begin_frame(connection, script);
      connection->header_have = connection->header_need = UINT8_MAX;
    }
    size_t available = (size_t)(end - bytes);
    size_t taken = connection->remaining < available ? (size_t)connection->remaining : available;
    payload_take(connection, script, bytes, taken);
    bytes += taken;
    if (connection->remaining == 0) completed += end_frame(connection, script);
  }
  return completed;
}

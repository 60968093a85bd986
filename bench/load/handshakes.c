/* Opens and closes connections, several at a time: TCP, opening handshake, closing handshake, end of the stream. */
#include "load.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum step { connecting, opening, closing };
enum { events_max = 256 };

struct slot {
  int fd;
  enum step step;
  size_t length;
  char bytes[4096];
};

/* A close frame with the code 1000, masked. */
static const uint8_t close_frame[] = {0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2};

static void begin(int poll, struct slot *slot, const struct options *options) {
  slot->step = connecting;
  slot->length = 0;
  slot->fd = socket_connect(options->port, false);
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = slot};
  epoll_ctl(poll, EPOLL_CTL_ADD, slot->fd, &event);
}

static void send_request(int poll, struct slot *slot) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(slot->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) fail("a connection could not be opened: %s", strerror(error));
  request_send(slot->fd);
  slot->step = opening;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = slot};
  epoll_ctl(poll, EPOLL_CTL_MOD, slot->fd, &event);
}

/* A protocol above may greet before it hears of the end; what stays is the close frame. */
static void skip_messages(struct slot *slot) {
  const uint8_t *bytes = (const uint8_t *)slot->bytes;
  while (slot->length >= 4 && bytes[0] != 0x88) {
    size_t total = bytes[1] == 126 ? 4 + ((size_t)bytes[2] << 8 | bytes[3]) : 2 + (size_t)bytes[1];
    if (slot->length < total) return;
    slot->length -= total;
    memmove(slot->bytes, slot->bytes + total, slot->length);
  }
}

/* Returns whether the connection is over. */
static bool receive(struct slot *slot) {
  ssize_t got = recv(slot->fd, slot->bytes + slot->length, sizeof slot->bytes - slot->length, 0);
  if (got < 0 && errno == EAGAIN) return false;
  if (got < 0) fail("a connection broke: %s", strerror(errno));
  if (got == 0) {
    if (slot->step != closing || slot->length < 2 || (uint8_t)slot->bytes[0] != 0x88) fail("the server ended a connection without a close frame");
    return true;
  }
  slot->length += (size_t)got;
  if (slot->length == sizeof slot->bytes) fail("the server says more than expected");
  if (slot->step == opening) {
    size_t response = response_check(slot->bytes, slot->length);
    if (response == 0) return false;
    slot->length -= response;
    memmove(slot->bytes, slot->bytes + response, slot->length);
    slot->step = closing;
    if (send(slot->fd, close_frame, sizeof close_frame, MSG_NOSIGNAL) != sizeof close_frame)
      fail("a close frame could not be sent");
  }
  if (slot->step == closing) skip_messages(slot);
  return false;
}

void run_handshakes(const struct options *options) {
  int poll = epoll_create1(0);
  struct slot *slots = calloc(options->connections, sizeof *slots);
  for (uint32_t i = 0; i < options->connections; i++) begin(poll, &slots[i], options);
  uint64_t count = 0, before = 0;
  double warm = now() + options->warmup_ms / 1e3, end = 0;
  struct measurement measurement;
  while (end == 0 || now() < end) {
    if (end == 0 && now() >= warm) {
      before = count;
      measurement_start(&measurement, options->server_pid);
      end = now() + options->duration_ms / 1e3;
    }
    struct epoll_event events[events_max];
    int ready = epoll_wait(poll, events, events_max, 100);
    for (int i = 0; i < ready; i++) {
      struct slot *slot = events[i].data.ptr;
      if (slot->step == connecting) send_request(poll, slot);
      else if (receive(slot)) {
        close(slot->fd);
        count++;
        begin(poll, slot, options);
      }
    }
  }
  measurement_stop(&measurement, options->server_pid);
  if (count == before) fail("not one connection was opened and closed");
  print_result(&measurement, count - before);
}

/* Sends units, one write for as many as are due, and waits where a socket takes no more. */
#include "load.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

int poll_create(struct connection *connections, uint32_t count) {
  int poll = epoll_create1(0);
  for (uint32_t i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
    epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
  }
  return poll;
}

static void watch(int poll, struct connection *connection, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  epoll_ctl(poll, EPOLL_CTL_MOD, connection->fd, &event);
}

/* Returns whether everything was taken. */
static bool write_unsent(struct connection *connection) {
  ssize_t sent = send(connection->fd, connection->unsent, connection->unsent_length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) fail("a connection broke: %s", strerror(errno));
  if (sent > 0) {
    connection->unsent += sent;
    connection->unsent_length -= (size_t)sent;
  }
  return connection->unsent_length == 0;
}

static void send_owed(int poll, struct connection *connection, const struct script *script) {
  while (connection->owed > 0) {
    uint32_t count = connection->owed < script->units ? connection->owed : script->units;
    size_t from = script->offsets[connection->next_unit];
    connection->unsent = script->joined + from;
    connection->unsent_length = script->offsets[connection->next_unit + count] - from;
    connection->next_unit = (connection->next_unit + count) % script->units;
    connection->owed -= count;
    if (!write_unsent(connection)) {
      watch(poll, connection, EPOLLIN | EPOLLOUT);
      return;
    }
  }
}

void units_send(int poll, struct connection *connection, const struct script *script, uint32_t count) {
  connection->owed += count;
  if (connection->unsent_length == 0) send_owed(poll, connection, script);
}

void units_resume(int poll, struct connection *connection, const struct script *script) {
  if (!write_unsent(connection)) return;
  watch(poll, connection, EPOLLIN);
  send_owed(poll, connection, script);
}

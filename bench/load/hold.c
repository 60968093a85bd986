/* Holds connections open, after two exchanges on each, so that the server's memory can be read: some, and then all. After
 * each step it says so and waits for a line. */
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void exchange_once(int poll, struct connection *connection, const struct script *script) {
  static uint8_t buffer[64 * 1024];
  uint64_t target = connection->messages + script->replies_per_unit;
  units_send(poll, connection, script, 1);
  if (connection->unsent_length > 0) fail("messages have to be small here");
  while (connection->messages < target) {
    ssize_t got = recv(connection->fd, buffer, sizeof buffer, 0);
    if (got <= 0) fail("the server ended a connection");
    replies_receive(connection, script, buffer, (size_t)got);
  }
}

static void report(uint32_t held) {
  printf("{\"held\":%u}\n", held);
  fflush(stdout);
  char line[16];
  if (fgets(line, sizeof line, stdin) == NULL) exit(0);
}

void run_hold(const struct options *options, const struct script *script) {
  struct connection *connections = calloc(options->connections, sizeof *connections);
  int poll = epoll_create1(0);
  for (uint32_t i = 0; i < options->connections; i++) {
    if (i == options->base) report(i);
    connection_open(&connections[i], options);
    for (uint32_t n = 0; n < options->in_flight; n++) exchange_once(poll, &connections[i], script);
  }
  report(options->connections);
}

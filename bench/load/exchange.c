/* The modes in which open connections exchange messages: echo, one message to all, and requests of HTTP. */
#include "load.h"
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { events_max = 256, buffer_size = 256 * 1024 };
static uint8_t buffer[buffer_size];

enum mode { echo, to_all, http };

struct exchange {
  const struct options *options;
  const struct script *script;
  struct connection *connections;
  int poll;
  enum mode mode;
  uint64_t messages;    /* Received by all connections together. */
  uint64_t outstanding; /* Of the broadcast that is under way. */
};

static void broadcast(struct exchange *exchange) {
  const struct options *options = exchange->options;
  exchange->outstanding = (uint64_t)options->in_flight * options->connections;
  units_send(exchange->poll, &exchange->connections[0], exchange->script, options->in_flight);
}

static void receive(struct exchange *exchange, struct connection *connection) {
  ssize_t got = recv(connection->fd, buffer, buffer_size, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) fail("the server ended a connection");
  uint64_t before = connection->messages / exchange->script->replies_per_unit;
  uint32_t completed = exchange->mode == http
                           ? responses_receive(connection, exchange->script, buffer, (size_t)got)
                           : replies_receive(connection, exchange->script, buffer, (size_t)got);
  exchange->messages += completed;
  if (exchange->mode == to_all) {
    if (completed > exchange->outstanding) fail("a message was delivered twice");
    exchange->outstanding -= completed;
    if (exchange->outstanding == 0) broadcast(exchange);
  } else {
    uint64_t units = connection->messages / exchange->script->replies_per_unit - before;
    if (units > exchange->options->in_flight) fail("more came than was asked for");
    if (units > 0) units_send(exchange->poll, connection, exchange->script, (uint32_t)units);
  }
}

static void exchange_until(struct exchange *exchange, double end) {
  struct epoll_event events[events_max];
  while (now() < end) {
    int count = epoll_wait(exchange->poll, events, events_max, 100);
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) units_resume(exchange->poll, connection, exchange->script);
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(exchange, connection);
    }
  }
}

static void run(const struct options *options, const struct script *script, enum mode mode) {
  struct connection *connections = calloc(options->connections, sizeof *connections);
  for (uint32_t i = 0; i < options->connections; i++) {
    if (mode == http) connection_connect(&connections[i], options);
    else connection_open(&connections[i], options);
  }
  struct exchange exchange = {.options = options,
                              .script = script,
                              .connections = connections,
                              .poll = poll_create(connections, options->connections),
                              .mode = mode};
  if (mode == to_all) broadcast(&exchange);
  for (uint32_t i = 0; i < options->connections && mode != to_all; i++)
    units_send(exchange.poll, &connections[i], script, options->in_flight);
  exchange_until(&exchange, now() + options->warmup_ms / 1e3);
  uint64_t before = exchange.messages;
  struct measurement measurement;
  measurement_start(&measurement, options->server_pid);
  exchange_until(&exchange, now() + options->duration_ms / 1e3);
  measurement_stop(&measurement, options->server_pid);
  if (exchange.messages == before) fail("not one message came");
  print_result(&measurement, (exchange.messages - before) / script->replies_per_unit);
}

void run_echo(const struct options *options, const struct script *script) { run(options, script, echo); }

void run_broadcast(const struct options *options, const struct script *script) { run(options, script, to_all); }

void run_http(const struct options *options, const struct script *script) { run(options, script, http); }

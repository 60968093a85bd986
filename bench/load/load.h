/* The load generator: what its files share. It says what it measured in one line of JSON, and ends with 1 and a sentence on
 * standard error as soon as a server answers anything that was not expected. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message that a server has to send. */
struct reply {
  uint8_t first_byte; /* FIN, RSV1 and opcode of its first frame. FIN is not compared: it may come in fragments. */
  uint32_t length;    /* Of the payload; `any_length` where only the server can know (compressed messages). */
  const uint8_t *content; /* NULL where it is not compared. */
};
static const uint32_t any_length = UINT32_MAX;

/* What is sent, over and over: units of one or more frames, each answered by the same number of messages. */
struct script {
  uint32_t units;
  uint32_t replies_per_unit;
  uint8_t *joined;       /* All units twice, so that any run of units is one slice. */
  size_t *offsets;       /* Of the units in `joined`; one more than there are. */
  struct reply *replies; /* units * replies_per_unit */
};

struct options {
  const char *mode;
  const char *path;        /* Of the request. */
  const char *extensions;  /* The Sec-WebSocket-Extensions to offer; empty for none. */
  const char *script_file;
  const char *greeting;    /* Hexadecimal; sent after the server's first message, then one more is awaited. Empty: none. */
  int port;
  int server_pid;
  uint32_t connections;
  uint32_t base;      /* hold: how many connections are there before the first measurement. */
  uint32_t in_flight;
  uint32_t warmup_ms;
  uint32_t duration_ms;
};

struct response;

struct connection {
  int fd;
  struct response *response; /* What is being read of HTTP; NULL otherwise. */
  uint8_t header[10];
  uint8_t header_have;
  uint8_t header_need;
  uint8_t first_byte;  /* Of the message's first frame. */
  bool in_message;
  bool is_last;        /* Whether the frame that is being read has FIN. */
  bool is_control;
  uint64_t remaining;  /* Bytes of the frame's payload to come. */
  uint64_t length;     /* Of the message so far. */
  uint64_t messages;   /* Received. */
  uint32_t next_unit;
  uint32_t owed;       /* Units to send when the socket takes bytes again. */
  const uint8_t *unsent;
  size_t unsent_length;
};

struct measurement {
  double seconds;
  double load_cpu;
  double server_cpu;
  uint64_t server_memory; /* Resident bytes at the end. */
};

/* clock.c */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
double now(void);
void measurement_start(struct measurement *measurement, int server_pid);
void measurement_stop(struct measurement *measurement, int server_pid);
void print_result(const struct measurement *measurement, uint64_t count);

/* script.c */
void script_read(struct script *script, const char *file);

/* opening.c */
void request_prepare(const struct options *options);
int socket_connect(int port, bool is_blocking);
void request_send(int fd);
/* The length of the server's 101 response if `bytes` hold all of it, 0 if more is to come. */
size_t response_check(const char *bytes, size_t length);
void connection_open(struct connection *connection, const struct options *options);

/* replies.c */
/* Reads what a server sent; returns how many messages it completed. */
uint32_t replies_receive(struct connection *connection, const struct script *script, const uint8_t *bytes, size_t length);

/* What has to come next on a connection. */
const struct reply *reply_expected(const struct connection *connection, const struct script *script);
/* Takes what came of a message's content, which may be all of it, and compares it. */
void payload_take(struct connection *connection, const struct script *script, const uint8_t *bytes, size_t length);

/* responses.c */
void connection_connect(struct connection *connection, const struct options *options);
/* Reads what an HTTP server sent; returns how many responses it completed. */
uint32_t responses_receive(struct connection *connection, const struct script *script, const uint8_t *bytes, size_t length);

/* sending.c */
void units_send(int poll, struct connection *connection, const struct script *script, uint32_t count);
void units_resume(int poll, struct connection *connection, const struct script *script);
int poll_create(struct connection *connections, uint32_t count);

/* The modes. */
void run_echo(const struct options *options, const struct script *script);
void run_broadcast(const struct options *options, const struct script *script);
void run_http(const struct options *options, const struct script *script);
void run_handshakes(const struct options *options);
void run_hold(const struct options *options, const struct script *script);

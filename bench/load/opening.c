/* Opens connections: TCP, the opening handshake (RFC 6455 section 4), and the greeting of a protocol above it. */
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* The key of the example in RFC 6455 section 1.3, and the answer given there. */
static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char accept_value[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

static char request[2048];
static size_t request_length;

void request_prepare(const struct options *options) {
  const char *offers = options->extensions;
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                        options->path, options->port, key, offers[0] ? "Sec-WebSocket-Extensions: " : "", offers,
                        offers[0] ? "\r\n" : "");
  if (length < 0 || (size_t)length >= sizeof request) fail("the request is too long");
  request_length = (size_t)length;
}

int socket_connect(int port, bool is_blocking) {
  static uint32_t opened = 0;
  int fd = socket(AF_INET, SOCK_STREAM | (is_blocking ? 0 : SOCK_NONBLOCK), 0);
  if (fd < 0) fail("no socket to be had: %s", strerror(errno));
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  /* One address has 28 000 ports, and used ones rest for a minute: so from 127.0.0.2 to 127.0.0.201 in turns. */
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + opened++ % 200)};
  if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0) fail("bind: %s", strerror(errno));
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
    fail("connection %u could not be opened: %s", opened, strerror(errno));
  return fd;
}

void request_send(int fd) {
  if (send(fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length)
    fail("a request could not be sent: %s", strerror(errno));
}

size_t response_check(const char *bytes, size_t length) {
  const char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  size_t size = (size_t)(end - bytes) + 4;
  if (strncmp(bytes, "HTTP/1.1 101", 12) != 0) fail("the server refused: %.*s", (int)size, bytes);
  if (memmem(bytes, size, accept_value, sizeof accept_value - 1) == NULL) fail("Sec-WebSocket-Accept is wrong");
  return size;
}

struct input {
  char bytes[4096];
  size_t length;
};

static void read_more(int fd, struct input *input) {
  if (input->length == sizeof input->bytes) fail("the server says more than expected when a connection opens");
  ssize_t got = recv(fd, input->bytes + input->length, sizeof input->bytes - input->length, 0);
  if (got <= 0) fail("the server ended a connection that was being opened");
  input->length += (size_t)got;
}

static void drop(struct input *input, size_t length) {
  input->length -= length;
  memmove(input->bytes, input->bytes + length, input->length);
}

/* A short message is read and forgotten. */
static void skip_message(int fd, struct input *input) {
  for (;;) {
    const uint8_t *bytes = (const uint8_t *)input->bytes;
    size_t header = input->length >= 2 && bytes[1] == 126 ? 4 : 2;
    if (input->length >= header) {
      size_t total = header + (header == 4 ? (size_t)bytes[2] << 8 | bytes[3] : bytes[1]);
      if (input->length >= total) return drop(input, total);
    }
    read_more(fd, input);
  }
}

static void greet(int fd, struct input *input, const char *hexadecimal) {
  uint8_t greeting[256];
  size_t length = strlen(hexadecimal) / 2;
  if (length > sizeof greeting) fail("the greeting is too long");
  for (size_t i = 0; i < length; i++) {
    if (sscanf(hexadecimal + 2 * i, "%2hhx", &greeting[i]) != 1) fail("the greeting is not hexadecimal");
  }
  skip_message(fd, input);
  if (send(fd, greeting, length, MSG_NOSIGNAL) != (ssize_t)length) fail("the greeting could not be sent");
  skip_message(fd, input);
}

void connection_open(struct connection *connection, const struct options *options) {
  memset(connection, 0, sizeof *connection);
  connection->header_need = 2;
  connection->fd = socket_connect(options->port, true);
  request_send(connection->fd);
  struct input input = {.length = 0};
  size_t response = 0;
  while (response == 0) {
    read_more(connection->fd, &input);
    response = response_check(input.bytes, input.length);
  }
  drop(&input, response);
  if (options->greeting[0]) greet(connection->fd, &input, options->greeting);
  if (input.length > 0) fail((uint8_t)input.bytes[0] == 0x88 ? "the server closes what it just opened" : "the server spoke first");
}

/* Arguments are NAME=VALUE; load-process.ts is the only one who writes them. */
#include "load.h"
#include <stdlib.h>
#include <string.h>

static uint32_t number(const char *text) { return (uint32_t)strtoul(text, NULL, 10); }

static void set_option(struct options *options, const char *name, const char *value) {
  if (strcmp(name, "mode") == 0) options->mode = value;
  else if (strcmp(name, "path") == 0) options->path = value;
  else if (strcmp(name, "extensions") == 0) options->extensions = value;
  else if (strcmp(name, "script") == 0) options->script_file = value;
  else if (strcmp(name, "greeting") == 0) options->greeting = value;
  else if (strcmp(name, "port") == 0) options->port = (int)number(value);
  else if (strcmp(name, "serverPid") == 0) options->server_pid = (int)number(value);
  else if (strcmp(name, "connections") == 0) options->connections = number(value);
  else if (strcmp(name, "base") == 0) options->base = number(value);
  else if (strcmp(name, "inFlight") == 0) options->in_flight = number(value);
  else if (strcmp(name, "warmupMs") == 0) options->warmup_ms = number(value);
  else if (strcmp(name, "durationMs") == 0) options->duration_ms = number(value);
  else fail("there is no option %s", name);
}

int main(int count, char **arguments) {
  struct options options = {.mode = "", .path = "/", .extensions = "", .script_file = "", .greeting = ""};
  for (int i = 1; i < count; i++) {
    char *equals = strchr(arguments[i], '=');
    if (equals == NULL) fail("%s is not NAME=VALUE", arguments[i]);
    *equals = '\0';
    set_option(&options, arguments[i], equals + 1);
  }
  request_prepare(&options);
  struct script script = {.units = 0};
  if (options.script_file[0]) script_read(&script, options.script_file);
  if (strcmp(options.mode, "echo") == 0) run_echo(&options, &script);
  else if (strcmp(options.mode, "broadcast") == 0) run_broadcast(&options, &script);
  else if (strcmp(options.mode, "http") == 0) run_http(&options, &script);
  else if (strcmp(options.mode, "handshakes") == 0) run_handshakes(&options);
  else if (strcmp(options.mode, "hold") == 0) run_hold(&options, &script);
  else fail("there is no mode %s", options.mode);
  return 0;
}
